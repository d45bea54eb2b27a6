#!/usr/bin/env bash
# What a ledger that has grown costs: the same work in a home that holds many certificates and in a fresh one, in
# alternating pairs, and `openssl ca` with an index.txt of as many lines and of none. Both homes have issuer keys on
# P-256, so little of the time is the token's, and a ledger that slows down shows.
#
#   tests/bench/growth.sh BIN_DIRECTORY [--quick] [--json] [--sizes "N..."] [--ledger DIR]
#
# Each size is grown from the one before it by scripts/grow-ledger; the last one in DIR when there is one, which is kept
# and used again.
set -euo pipefail
export LC_ALL=C.UTF-8
umask 022

pairs=9 sizes="10000 100000" json= ledger=
usage() { echo 'usage: tests/bench/growth.sh BIN_DIRECTORY [--quick] [--json] [--sizes "N..."] [--ledger DIR]' >&2 && exit 2; }
[ $# -gt 0 ] || usage
shift  # scripts/trial.sh knows the directory of the programs
while [ $# -gt 0 ]; do
  case $1 in
    --quick) pairs=3 sizes=1000 ;;
    --json) json=yes ;;
    --sizes) sizes=${2:-} && shift ;;
    --ledger) ledger=${2:-} && shift ;;
    *) usage ;;
  esac
  shift
done

work=$(mktemp -d "${TMPDIR:-/tmp}/sealroom-growth.XXXXXX")
logs=$work/logs
mkdir "$logs"
. "$(dirname "$0")/../../scripts/trial.sh"
declare -A folders=([fresh]=$work/fresh [grown]=$work/grown) daemons=()
cleanup() {
  local code=$?
  for daemon in "${daemons[@]}"; do stop_daemon; done
  if [ "$code" = 0 ]; then rm -rf "$work"; else echo "$script: what it made is in $work" >&2; fi
}
trap cleanup EXIT

note() { echo "$script: $*" >&2; }
compute() { awk "BEGIN { printf \"%.$1f\\n\", $2 }"; }
median() { sort -g "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# ---- the two homes: `side` is fresh or grown

sealroom() { "$bin/sealroom" --home "${folders[$side]}/home" "$@"; }
both() { for side in fresh grown; do "$@"; done; }
memory() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/${daemons[$side]}/status"; }  # KiB

start() {
  start_daemon "${folders[$side]}/home"
  daemons[$side]=$daemon
}

stop() {
  daemon=${daemons[$side]}
  unset "daemons[$side]"
  stop_daemon
}

restart() { stop && start && unlock; }
unlock() { quietly unlock "sealroom unlock" sealroom unlock --all; }

# ---- what is measured, in the pair $turn

# new_requests COUNT: a medium for this pair, made before the time is taken.
medium() { echo "$work/$side.$1.$turn"; }
new_requests() {
  mkdir -p "$(medium "$1")/requests/intermediate/server_cert"
  "$bin/make-requests" "$(medium "$1")/requests/intermediate/server_cert" "$1" ec:P-256 "$1"
}

issue() { quietly issue "sealroom process" sealroom process "$(medium "$1")"; }

# Requests that were issued before, which the ledger tells by their digests.
refuse() {
  local code=0
  sealroom import "$(medium "$1")" >"$logs/refuse" 2>&1 || code=$?
  [ "$code" = 3 ] || fail "the same requests again: exit code $code: $(tail -n 3 "$logs/refuse")"
}

look_up() { for serial in ${serials[$side]}; do quietly look-up "look up" sealroom certificate show "$serial"; done; }
prove_entry() { for n in ${places[$side]}; do quietly prove "a proof" sealroom audit prove --entry "$n"; done; }
prove_size() { for n in ${places[$side]}; do quietly prove "a proof" sealroom audit prove --from "$n"; done; }

# find_places: twenty entries about certificates, spread over the log, and the serials that they name.
declare -A places=() serials=()
find_places() {
  local size n entry
  size=$(sealroom --json status | grep -o '"checkpoint_size": *[0-9]*' | grep -o '[0-9]*$')
  places[$side]='' serials[$side]=''
  for n in $(seq 20); do
    entry=$({ sealroom --json audit show --from $((size * n / 21)) 2>/dev/null || true; } | grep -m 1 '"serial":') || break
    places[$side]+=" $(grep -o '"seq":[0-9]*' <<<"$entry" | cut -d: -f2)"
    serials[$side]+=" $(grep -o '"serial":"[0-9A-F]*"' <<<"$entry" | cut -d'"' -f4)"
  done
}

# taken NAME COMMAND...: its seconds, one more line of $work/NAME.$side.
taken() {
  local from=$EPOCHREALTIME
  "${@:2}"
  compute 6 "$EPOCHREALTIME - $from" >>"$work/$1.$side"
}

# in_pairs NAME COMMAND...: on both sides, again and again, each side first in every second pair.
in_pairs() {
  for turn in $(seq "$pairs"); do
    local order=(fresh grown)
    [ $((turn % 2)) = 0 ] || order=(grown fresh)
    for side in "${order[@]}"; do taken "$@"; done
  done
}

make_media() { for turn in $(seq "$pairs"); do new_requests "$1"; done; }

# ---- openssl ca, whose ledger is index.txt

make_authority() {
  local lines=0
  [ "$side" = fresh ] || lines=$size
  mkdir -p "$work/$side.ca/new"
  awk -v n="$lines" 'BEGIN { for (i = 1; i <= n; i++)
    printf "V\t361231235959Z\t\t%038X\tunknown\t/O=Bench/CN=host-%d.example.com\n", i, i }' >"$work/$side.ca/index.txt"
  echo 'unique_subject = no' >"$work/$side.ca/index.txt.attr"
  echo 7000000000000000000000000000000000000000 >"$work/$side.ca/serial"
  printf '%s\n' '[ca]' 'default_ca = it' '[it]' "dir = $work/$side.ca" 'database = $dir/index.txt' 'serial = $dir/serial' \
    'new_certs_dir = $dir/new' "certificate = $work/ca.pem" "private_key = $work/ca.key" 'default_md = sha256' \
    'default_days = 300' 'policy = any' '[any]' 'organizationName = optional' 'commonName = supplied' >"$work/$side.ca/ca.cnf"
}

openssl_ca() {
  quietly openssl-ca "openssl ca" openssl ca -config "$work/$side.ca/ca.cnf" -batch -notext -in "$work/one.csr" -out "$work/one.pem"
}

# ---- the table

row() { printf '%s\t%s\t%s\t%s\t%s\n' "$size" "$@" >>"$work/rows"; }  # what, unit, grown, fresh
row_of() { row "$2" s "$(median "$work/$1.grown")" "$(median "$work/$1.fresh")"; }

# row_of_both NAME WHAT UNIT: figures of which there is one on each side.
row_of_both() { row "$2" "$3" "$(cat "$work/$1.grown")" "$(cat "$work/$1.fresh")"; }

note_memory() { memory VmHWM >"$work/$1.$side"; }
measured() {
  "$bin/measure" "${@:2}" 3>"$work/figures" >"$logs/$1" 2>&1 || fail "$1: $(tail -n 3 "$logs/$1")"
  cut -d' ' -f1 "$work/figures" >"$work/$1.$side"
  cut -d' ' -f2 "$work/figures" >"$work/$1-memory.$side"
}
verify_ledger() {
  taken verify quietly verify "audit verify" sealroom audit verify
  note_memory verify-memory
}
verify_export() {
  rm -rf "$work/$side.export"
  mkdir "$work/$side.export"
  measured export "$bin/sealroom" --home "${folders[$side]}/home" audit export "$work/$side.export"
  local made=("$work/$side.export"/audit/log-*)
  measured verify-export "$bin/sealroom-verify" "${made[0]}" --log-key "${made[0]}/log-key.pem" \
    --root "${made[0]}/issuers/root.chain.pem"
}

note "building"
build_programs sealroomd sealroom sealroom-verify make-requests measure
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
openssl req -x509 "${ec[@]}" -keyout "$work/ca.key" -subj /CN=ca -days 900 -out "$work/ca.pem" 2>"$logs/openssl"
openssl req -new "${ec[@]}" -keyout /dev/null -subj /O=Bench/CN=one -out "$work/one.csr" 2>"$logs/openssl"

for size in $sizes; do
  [ -z "$ledger" ] || [ "$size" != "${sizes##* }" ] || folders[grown]=$ledger
  rm -rf "$work"/fresh* "$work"/*.fresh "$work"/*.grown "$work"/grown.*
  "$root/scripts/grow-ledger" 0 "${folders[fresh]}"
  "$root/scripts/grow-ledger" "$size" "${folders[grown]}"
  note "measuring with $size certificates, $pairs pairs"
  both start
  both unlock
  for count in 1 100; do
    both make_media "$count"
    in_pairs "issue-$count" issue "$count"
  done
  both note_memory peak
  in_pairs refuse refuse 100
  both find_places
  in_pairs look-up look_up
  in_pairs prove-entry prove_entry
  in_pairs prove-size prove_size
  both make_authority
  in_pairs openssl-ca openssl_ca
  for turn in $(seq "$pairs"); do
    both stop
    for side in fresh grown; do
      taken start start
      taken unlock unlock
    done
  done
  both verify_ledger
  both verify_export
  both stop

  row_of issue-1 "import, sign and export 1"
  row_of issue-100 "import, sign and export 100"
  row_of refuse "refuse 100 that were issued before"
  row_of look-up "look up 20 by serial"
  row_of prove-entry "prove inclusion of 20"
  row_of prove-size "prove consistency from 20 sizes"
  row_of openssl-ca "openssl ca, 1 certificate"
  row_of start "start of sealroomd"
  row_of unlock "unlock of three tokens"
  row_of_both peak "peak memory of sealroomd" KiB
  row_of_both verify "audit verify" s
  row_of_both verify-memory "peak memory of sealroomd after it" KiB
  row_of_both export "audit export" s
  row_of_both verify-export "sealroom-verify of that" s
  row_of_both verify-export-memory "its peak memory" KiB
done

if [ -n "$json" ]; then
  awk -F '\t' 'BEGIN { print "[" }
    { printf "%s    {\"certificates\": %s, \"what\": \"%s\", \"ratio\": %.3f, \"unit\": \"%s\", \"grown\": %s, \"fresh\": %s}",
      (NR > 1 ? ",\n" : ""), $1, $2, $4 / $5, $3, $4, $5 } END { print "\n  ]" }' "$work/rows"
else
  echo "a ledger of many certificates against a fresh one (medians of $pairs pairs; from \"audit verify\" on, once)"
  awk -F '\t' '{ printf "%9s  %-36s %8.2f  (%s and %s %s)\n", $1, $2, $4 / $5, $4, $5, $3 }' "$work/rows"
fi
