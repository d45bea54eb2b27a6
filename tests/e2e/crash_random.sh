#!/usr/bin/env bash
# Kills at random moments, one after the other in the life of one appliance, while media are processed without pause.
. "$(dirname "$0")/lib/crash.sh" "$@"

rounds=8
[ "$full" != full ] || rounds=200
seed=${SEED:-1}
[ "$full" != full ] || seed=${SEED:-$$}
RANDOM=$seed
medium=$work/load/0
mkdir -p "$medium"
step "$rounds kills at random moments under load (SEED=$seed)"
prepare
rm -r "$medium/requests"
start_daemon
sealroom unlock --all >/dev/null
sealroom sign "$batch" >/dev/null
sealroom export "$batch" "$medium" >/dev/null
batches() { sealroom batch list --json | look '"\n".join(sorted(b["batch"] for b in d["batches"]))'; }
batches >batches.known
mkdir note
stop_daemon

# load ROUND: media with new requests, processed until the daemon is gone.
load() {
  local n=0 some
  while :; do
    some=$work/load/$1-$((n += 1))
    mkdir -p "$some/requests/intermediate/client_cert"
    for name in 1 2 3; do client_csr "$some/requests/intermediate/client_cert/$1-$n-$name.csr" "client $1 $n $name"; done
    sealroom process "$some" >/dev/null 2>&1 || return 0
  done
}

# round N: a loaded daemon is killed after 0 to 1.2 seconds; then everything is accounted for, signed and exported.
round() {
  local each loader
  start_daemon
  sealroom unlock --all >/dev/null
  load "$1" &
  loader=$!
  sleep "$(printf '0.%03d' $((RANDOM % 1000)))"
  [ $((RANDOM % 2)) = 0 ] || sleep 0.2
  buried
  wait "$loader"
  ready_again
  # What is on the media of this round is in the ledger, with its entry.
  python3 "$tests/lib/crash_state.py" crashed log.after "$work/load/*" 0 0
  expect_exit 0 sealroom unlock --all
  expect_exit 0 sealroom recover
  grep '^burned: ' stdout >>suspects || true
  while read -r each; do
    expect_exit 0 sealroom sign "$each"
    expect_exit 0 sealroom export "$each" "$medium"
    python3 "$tests/lib/check_export.py" "$medium/issued/$each" note >/dev/null || fail "the export of $each"
  done < <(batches | comm -13 batches.known -)
  batches >batches.known
  sealroom audit show --json >log.end
  sealroom certificate list --json >certificates
  python3 "$tests/lib/crash_state.py" finished log.after log.end certificates "$work/load/*"
  stop_daemon
  no_leftovers
}

for number in $(seq "$rounds"); do try_point "killed at a random moment under load" "round $number" round "$number"; done
tell crash_random
