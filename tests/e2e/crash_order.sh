#!/usr/bin/env bash
# What becomes durable before what, and how few syncs that takes: read from the daemon's own system calls.
. "$(dirname "$0")/lib/crash.sh" "$@"

requests=$medium/requests/intermediate/client_cert

# clients N: a new batch of N requests on the medium; $batch is its name.
clients() {
  local n
  rm -rf "$medium/requests"
  mkdir -p "$requests"
  for n in $(seq "$1"); do client_csr "$requests/$n.csr" "client $n of $1"; done
  expect_exit 0 sealroom import "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
}

step "the order of one run: plan, start, signature, outcome, checkpoint, export entry, export"
prepare
trace_into trace write,pwrite64,fsync,fdatasync
tracer+=(-s 5000)
start_daemon
tracer=()
sealroom unlock --all >/dev/null
clients 3
sealroom sign "$batch" >/dev/null
sealroom export "$batch" "$medium" >/dev/null
stop_daemon
python3 "$tests/lib/crash_order.py" trace "$batch" "$medium/issued/$batch" 3
tried[order of a run]=1

step "syncs of the ledger and calls of the token from the call to its answer, for 1, 40, 100 and 250 certificates"
trace_into trace fsync,fdatasync
start_daemon
tracer=()
sealroom unlock --all >/dev/null
declare -A asked=()  # size of a batch → calls of the token while it was signed
# Without sessions: each thread's is opened when it is first needed, and stays open until the token is locked.
calls() { grep -vc ' C_OpenSession$' "$counts"; }
for size in 1 40 100 250; do
  clients "$size"
  signed=$(signatures) asked[$size]=$(calls)
  began=$EPOCHREALTIME
  expect_exit 0 sealroom sign "$batch"
  ended=$EPOCHREALTIME
  asked[$size]=$(($(calls) - asked[$size]))
  syncs=$(awk -v a="$began" -v b="$ended" '$2 >= a && $2 <= b && /sync\(/ && /\/ledger/' trace | wc -l)
  most=$((2 * ((size + 99) / 100) + 5))
  echo "   $size certificates: $syncs syncs of at most $most, ${asked[$size]} calls of the token, $(($(signatures) - signed)) of them C_Sign"
  [ "$syncs" -gt 0 ] && [ "$syncs" -le "$most" ] || fail "$syncs syncs for $size certificates, at most $most are allowed"
  is "$(($(signatures) - signed))" $((size + 1)) "signatures for $size certificates and a checkpoint"
  tried[syncs of a batch]=$((${tried[syncs of a batch]:-0} + 1))
done
is "$((asked[100] - asked[40]))" 120 "calls of the token for 60 more certificates of a group, two for each"
stop_daemon

tell crash_order
