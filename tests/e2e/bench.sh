#!/usr/bin/env bash
# Every bench runs, with as little as it can be set to, prints its rows and leaves nothing. What they measure says nothing.
. "$(dirname "$0")/lib/session.sh" "$@"

export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# bench PART ROWS OPTION...: it prints so many rows, each with a figure.
bench() {
  local part=$1 rows=$2
  step "tests/bench/$part.sh ${*:3}"
  "$tests/../bench/$part.sh" "$bin" --json "${@:3}" >stdout 2>stderr || fail "tests/bench/$part.sh"
  is "$(look 'len(d)' <stdout)" "$rows" "rows"
  is "$(look 'all(len(r["pairs"]) > 0 and isinstance(r.get("ratio", r.get("figure")), float) for r in d)' <stdout)" true "figures"
  is "$(ls -A "$TMPDIR")" "" "what is left"
}

processors=$(nproc)
bench process $((processors <= 2 ? 5 : 6)) --pairs 1 --requests 2 --apart 1 --issuer ec-p256
bench import 6 --pairs 1 --ec 100 --rsa 20 --large 100
bench growth 17 --pairs 1 --sizes 20
bench keystore 5 --pairs 1 --imports 1 --large 10
case $processors in 1) rows=3 ;; 2) rows=6 ;; *) rows=7 ;; esac
bench sign $rows --pairs 1 --requests 100 --issuers ec-p256

step "tests/bench/daemon.sh; the table has ratios first, and numbers that a person reads"
"$tests/../bench/daemon.sh" "$bin" --tsv --pairs 1 --requests 10 >rows 2>stderr || fail "tests/bench/daemon.sh"
is "$(wc -l <rows)" 4 "rows"
printf 'a ratio\t0.9512\t-\t>= 0.95\t0.93 0.9512 0.97\t617.1\t648.9\t/s\n' >>rows
python3 "$tests/../bench/table.py" text machine=this <rows >table
is "$(sed -n 1p table)" "machine: this" "what it was measured on"
is "$(sed -n 3p table | tr -s ' ')" " 0.951 >= 0.95 0.930..0.970 3 617 /s 649 /s a ratio" "first row"

step "a bench that cannot measure fails, and says with what"
code=0
"$tests/../bench/daemon.sh" "$bin" --pairs >stdout 2>stderr || code=$?
is "$code" 2 "exit code"
mkdir empty
code=0
"$tests/../bench/daemon.sh" empty --pairs 1 >stdout 2>stderr || code=$?
is "$code" 1 "exit code"
contains "FAILED: sealroom init" <stderr || fail "no reason"
echo "bench: ok"
