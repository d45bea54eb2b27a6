# A throw-away appliance for a script: the programs of the release build, or those in $SEALROOM_PROGRAMS, and a daemon in a
# home of its own. Sourced by scripts that set $logs to a directory and stop the daemon when they end.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${SEALROOM_PROGRAMS:-$root/build/release/bin}
script=$(basename "$0")
daemon=

fail() {
  echo "$script: FAILED: $*" >&2
  exit 1
}

# quietly NAME WHAT COMMAND...: what the command prints goes to $logs/NAME, and its end is shown if it fails.
quietly() {
  local log=$logs/$1 what=$2
  shift 2
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  echo "--- the end of $log" >&2
  tail -n 20 "$log" >&2
  fail "$what"
}

# build_programs TARGET...: the named programs, in $bin. Those in $SEALROOM_PROGRAMS were built before.
build_programs() {
  [ -z "${SEALROOM_PROGRAMS:-}" ] || return 0
  quietly configure "the build cannot be configured" env -C "$root" cmake --preset release
  quietly build "the programs do not build" cmake --build "$root/build/release" --target "$@"
}

# start_daemon HOME: returns when calls are answered; its process is $daemon.
start_daemon() {
  local ready
  exec {ready}< <(exec "$bin/sealroomd" --home "$1" --ready-fd 3 3>&1 >"$logs/sealroomd" 2>&1 </dev/null)
  daemon=$!
  if ! read -r -t 30 -u "$ready"; then
    tail -n 20 "$logs/sealroomd" >&2
    fail "sealroomd did not start"
  fi
  exec {ready}<&-
}

stop_daemon() {
  [ -n "$daemon" ] || return 0
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  daemon=
}

# new_home HOME KEYS: a home whose root and intermediate have keys as KEYS says ("ec-p256"); its daemon runs, unlocked.
new_home() {
  quietly init "sealroom init" "$bin/sealroom" --home "$1" init --softhsm
  start_daemon "$1"
  sed "s/rsa-4096/$2/" "$root/ceremony/hivemq.yaml" >"$1.ceremony.yaml"
  mkdir -p "$1.ceremony"
  quietly ceremony "the ceremony" "$bin/sealroom" --home "$1" ceremony run "$1.ceremony.yaml" --medium "$1.ceremony"
}
