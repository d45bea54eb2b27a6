# What the benches share: their options, a home, requests, the clock, and rows. Sourced by tests/bench/*.sh, which have set
# before: $settings, the names of the variables that --NAME VALUE may change; those variables; and quick(), which sets
# them to less. Every bench prints rows, of which scripts/bench makes one table.
set -euo pipefail
export LC_ALL=C.UTF-8
umask 022

form=text
usage() {
  echo "usage: tests/bench/$(basename "$0") BIN_DIRECTORY [--quick] [--json|--tsv]$(printf ' [--%s VALUE]' $settings)" >&2
  exit 2
}
[ $# -gt 0 ] && [ -d "$1" ] || usage
SEALROOM_PROGRAMS=$(cd "$1" && pwd)
export SEALROOM_PROGRAMS
shift
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick ;;
    --json | --tsv) form=${1#--} ;;
    *)
      [[ $1 = --* && " $settings " = *" ${1#--} "* && $# -gt 1 ]] || usage
      printf -v "${1#--}" %s "$2"
      shift
      ;;
  esac
  shift
done

# A folder of scripts/bench is deleted by scripts/bench.
folder=${SEALROOM_BENCH_FOLDER:-}
work=$(mktemp -d "${folder:-${TMPDIR:-/tmp}}/sealroom-bench.XXXXXX")
logs=$work/logs values=$work/values home=$work/home
mkdir "$logs" "$values"
: >"$work/rows"
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/trial.sh"

# What a bench must end besides $daemon.
end_others() { :; }
interrupted=
cleanup() {
  local code=$?
  stop_daemon
  end_others
  if [ "$code" != 0 ] && [ -z "$interrupted" ]; then
    echo "$script: what it made is in $work" >&2
  elif [ -z "$folder" ]; then
    rm -rf "$work"
  fi
}
trap cleanup EXIT
trap 'interrupted=yes; exit 1' INT TERM HUP

note() { echo "$script: $*" >&2; }
sealroom() { "$bin/sealroom" --home "$home" "$@"; }

# ---- processors

# Those that this bench was given, and what it leaves to itself and to what it starts from now on: the first COUNT of them.
read -ra processors < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
use_processors() {
  local first=("${processors[@]:0:$1}")
  taskset -cp "$(IFS=, && echo "${first[*]}")" $$ >/dev/null
}

# restart_on COUNT: the daemon starts again on so many processors, and its tokens are unlocked.
restart_on() {
  stop_daemon
  use_processors "$1"
  start_daemon "$home"
  quietly unlock "sealroom unlock" sealroom unlock --all
}

# ---- requests

# new_medium COUNT KIND: $medium holds requests that were never seen before, each of a key and a subject of its own. None is
# deleted before the end (scripts/bench says why).
new_medium() {
  medium=$(mktemp -d "$work/medium.XXXXXX")
  mkdir -p "$medium/requests/intermediate/server_cert"
  quietly requests "make-requests" "$bin/make-requests" "$medium/requests/intermediate/server_cert" "$1" "$2" "$1"
}

# import_medium: every request of $medium must be accepted; $batch is their batch.
import_medium() {
  quietly import "sealroom import" sealroom --json import "$medium"
  batch=$(grep -o 'B-[0-9]\{8\}-[0-9]\{4,\}' "$logs/import" | head -n 1)
}

process_medium() { quietly process "sealroom process" sealroom process "$medium"; }

# expect_certificates COUNT: $medium has an export with so many.
expect_certificates() {
  local made
  made=$(find "$medium/issued" -path '*/server_cert/*.cert.pem' | wc -l)
  [ "$made" = "$1" ] || fail "$made certificates were exported, not $1"
}

# ---- values: one line a run in $values/NAME

compute() { awk "BEGIN { printf \"%.$1f\\n\", $2 }"; }
keep() { echo "$2" >>"$values/$1"; }
median() { sort -g "$values/$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# timed COMMAND...: $took is its wall time in seconds.
timed() {
  local from=$EPOCHREALTIME
  "$@"
  took=$(compute 6 "$EPOCHREALTIME - $from")
}

# keep_time NAME COMMAND...: its wall time in seconds is one more value.
keep_time() {
  timed "${@:2}"
  keep "$1" "$took"
}

# processor_time: of the daemon until now, in seconds. The kernel counts it in ticks of 10 ms.
processor_time() { awk -v tick="$(getconf CLK_TCK)" '{ printf "%.2f", ($14 + $15) / tick }' "/proc/$daemon/stat"; }

# memory FIELD: of the daemon, in MiB: VmRSS now, VmHWM at most until now.
memory() { awk -v name="$1:" '$1 == name { printf "%.1f", $2 / 1024 }' "/proc/$daemon/status"; }

# raw_sign COUNT THREADS: signs with the intermediate's key, with nothing of ours around it; sets $raw_rate, signatures
# per second, and $raw_cost, microseconds of processor time for one.
raw_sign() {
  quietly raw "raw-sign" env SOFTHSM2_CONF="$home/softhsm2.conf" "$bin/raw-sign" /usr/lib/softhsm/libsofthsm2.so \
    sealroom-intermediate intermediate-key "$home/pins/sealroom-intermediate.pin" "$1" "$2"
  read -r raw_rate raw_cost <"$logs/raw"
}

# derive NAME EXPRESSION SOURCE...: for each run, NAME becomes EXPRESSION over the values $1, $2... of the sources.
derive() {
  local name=$1 expression=$2
  shift 2
  (cd "$values" && paste -d' ' "$@") | awk "{ printf \"%.4f\\n\", $expression }" >"$values/$name"
}

# ---- rows

# row WHAT FIGURE UNIT AIM OURS BASELINE THEIR_UNIT: FIGURE, OURS and BASELINE name values, of which the medians count; "-"
# is none. Without UNIT the figure is a ratio.
row() {
  local what=$1 figure=$2 unit=$3 aim=$4 ours=$5 baseline=$6 their_unit=$7
  [ "$ours" = - ] || ours=$(median "$ours")
  [ "$baseline" = - ] || baseline=$(median "$baseline")
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$what" "$(median "$figure")" "${unit:--}" "${aim:--}" "$(paste -sd' ' "$values/$figure")" \
    "$ours" "$baseline" "$their_unit" >>"$work/rows"
}

# print_rows: at the end of a bench.
print_rows() {
  [ -s "$work/rows" ] || fail "nothing was measured"
  case $form in
    tsv) cat "$work/rows" ;;
    *) python3 "$root/tests/bench/table.py" "$form" <"$work/rows" ;;
  esac
}
