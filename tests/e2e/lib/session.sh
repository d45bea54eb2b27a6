# What every session test stands on: its own directory, a home, a daemon, media, requests, and sentences about results.
# Sourced as: . "$(dirname "$0")/lib/session.sh" "$@"     (the first argument is the directory of the programs)
set -euo pipefail
export LC_ALL=C.UTF-8
unset SEALROOM_HOME SOFTHSM2_CONF OPENSSL_CONF SOURCE_DATE_EPOCH
# The leak sanitizer traces its own process, which the daemon's seccomp filter forbids.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
umask 022

bin=$(cd "$1" && pwd)
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ceremonies=$(cd "$tests/../../ceremony" && pwd)
shim=${SEALROOM_SHIM:-$(dirname "$bin")/lib/libsealroom-shim.so}
softhsm=/usr/lib/softhsm/libsofthsm2.so
work=$(mktemp -d)
home=$work/home
medium=$work/medium
keys=$work/keys
declare -A daemon=()  # home → process
tracer=()             # a command in front of the daemon that becomes it, like strace -D
mounts=()

clean_up() {
  local process
  for process in "${daemon[@]}"; do { kill -9 "$process" && wait "$process"; } 2>/dev/null || true; done
  for mounted in "${mounts[@]}"; do umount "$mounted" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'echo "FAILED: $0, line $LINENO" >&2' ERR
trap 'exit 1' INT TERM HUP
mkdir "$medium" "$keys"
cd "$work"

step() { echo "== $*"; }
skip() { echo "-- skipped: $*"; }

fail() {
  echo "FAILED: $*" >&2
  for file in stdout stderr daemon.stderr; do
    if [ -s "$work/$file" ]; then head -n 40 "$work/$file" | cut -c 1-2000 | sed "s/^/  $file: /" >&2; fi
  done
  exit 1
}

# Without a terminal, so that a question fails instead of waiting for the person who runs the test.
sealroom() { setsid -w "$bin/sealroom" --home "$home" "$@"; }

# ---- daemons

# start_daemon [NAME=VALUE...]: the daemon of $home, and waits until it answers.
start_daemon() {
  try_daemon "$@" || fail "the daemon did not start"
}

# Like start_daemon; when the daemon ends instead, $daemon_code is its exit code.
try_daemon() {
  local ready=$work/ready.$RANDOM process line=none
  mkfifo "$ready"
  env "$@" "${tracer[@]}" "$bin/sealroomd" --home "$home" --ready-fd 9 9>"$ready" >daemon.stdout 2>daemon.stderr &
  process=$!
  # At its end the descriptor closes, and read gives up; so it does after a minute.
  IFS= read -r -t 60 line <"$ready" || line=none
  rm -f "$ready"
  if [ "$line" = "" ]; then
    daemon[$home]=$process
    return 0
  fi
  kill -9 "$process" 2>/dev/null || true
  daemon_code=0
  wait "$process" || daemon_code=$?
  return 1
}

# stop_daemon: ends it as an operator would, and it must end well.
stop_daemon() {
  local process=${daemon[$home]} code=0
  kill -TERM "$process"
  wait "$process" || code=$?
  unset "daemon[$home]"
  [ "$code" = 0 ] || fail "the daemon ended with $code"
  [ ! -e "$home/run/sealroomd.sock" ] || fail "the daemon left its socket"
}

# ended_by SIGNAL: waits until the daemon has ended in this way, without help of ours.
ended_by() {
  local code=0
  { wait "${daemon[$home]}"; } 2>/dev/null || code=$?
  unset "daemon[$home]"
  is "$code" $((128 + $(kill -l "$1"))) "the daemon's end"
}

kill_daemon() {
  { kill -9 "${daemon[$home]}" && wait "${daemon[$home]}"; } 2>/dev/null || true
  unset "daemon[$home]"
}

# fast_ceremony FILE: the shipped ceremony with keys that are quick to make.
fast_ceremony() { sed 's/rsa-4096/ec-p256/' "$ceremonies/hivemq.yaml" >"$1"; }

# open_home [NAME=VALUE...]: a trial home with a running daemon whose issuers are active and whose tokens are unlocked.
open_home() {
  fast_ceremony "$work/fast.yaml"
  sealroom init --softhsm >/dev/null
  start_daemon "$@"
  sealroom ceremony run "$work/fast.yaml" --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null
}

# ---- requests

# make_csr FILE SUBJECT [OPTIONS OF openssl req...]: an EC key in $keys and its request.
make_csr() {
  local file=$1 subject=$2
  shift 2
  mkdir -p "$(dirname "$file")"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$keys/$(basename "$file").key" \
    -subj "$subject" -out "$file" "$@" 2>/dev/null
}

server_csr() { make_csr "$1" "/CN=$2" -addext "subjectAltName=DNS:$2"; }
client_csr() { make_csr "$1" "/CN=$2"; }

# ---- results

# expect_exit CODE COMMAND...: runs it; its output is in stdout and stderr afterwards.
expect_exit() {
  local want=$1 code=0
  shift
  "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $*"
}

says() { grep -qF -- "$1" "$work/stdout" || fail "stdout does not say: $1"; }
complains() { grep -qF -- "$1" "$work/stderr" || fail "stderr does not say: $1"; }

# contains TEXT: whether standard input does. It reads all of it, where grep -q would break the pipe of the writer.
contains() {
  local text
  text=$(cat)
  [[ $text == *"$1"* ]]
}

# is VALUE WANTED [WHAT]
is() { [ "$1" = "$2" ] || fail "${3:-value}: \"$1\", not \"$2\""; }

# look EXPRESSION: evaluates it with the JSON document on standard input as d.
look() { python3 -c 'import json, sys
d = json.load(sys.stdin)
value = eval(sys.argv[1])
print(value if isinstance(value, str) else json.dumps(value))' "$1"; }

# events NAME: how many entries of this name the log has.
events() { sealroom audit show --json | grep -cF "\"event\":\"$1\"" || true; }

# verdict FILE REPORT: "accepted", or the ids of what a refused file was refused for.
verdict() {
  look '[r["verdict"] if r["verdict"] == "accepted" else " ".join(f["id"] for f in r["findings"]) for r in d["requests"] if r["file"] == "'"$1"'"][0]' <"$2"
}

# refused_for FILE ID REPORT: refused, and this is one of the reasons.
refused_for() {
  [[ " $(verdict "$1" "$3") " == *" $2 "* ]] || fail "$1: $(verdict "$1" "$3"), not $2"
}

# Everything that could have been signed or written: the log, the ledger, what lies on the medium.
standing() {
  sealroom audit show --json
  sealroom certificate list --json
  sealroom batch list --json
  find "$medium" -printf '%P %y %m %s\n' | sort
}

# refuses CODE MESSAGE COMMAND...: the exit code, the message in the programs' style, and nothing has changed.
refuses() {
  local code=$1 message=$2
  shift 2
  standing >standing.before
  expect_exit "$code" "$@"
  grep -q '^sealroom: error: ' stderr || fail "no error line: $*"
  complains "$message"
  standing >standing.after
  cmp -s standing.before standing.after || fail "something was written in spite of the error: $* $(diff standing.before standing.after | head -5)"
}

# refuses_and_logs EVENT CODE MESSAGE COMMAND...: the same, but for one entry of this name.
refuses_and_logs() {
  local event=$1 code=$2 message=$3
  shift 3
  standing >standing.before
  expect_exit "$code" "$@"
  grep -q '^sealroom: error: ' stderr || fail "no error line: $*"
  complains "$message"
  standing >standing.after
  diff standing.before standing.after >changes || true
  is "$(grep -c '^[<>]' changes)" 1 "changes after: $*"
  grep -qF "\"event\":\"$event\"" changes || fail "the log has no $event after: $*"
}
