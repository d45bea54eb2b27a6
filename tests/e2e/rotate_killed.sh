#!/usr/bin/env bash
# Killed at each call to the token while the log's key is rotated: afterwards either the old key is in force and the
# intent is there to be closed, or the rotation is whole. Never both, never neither.
. "$(dirname "$0")/lib/session.sh" "$@"

if [ ! -f "$shim" ]; then
  skip "$shim is not built"
  exit 0
fi
plan=$work/plan
export "SEALROOM_SHIM_MODULE=$softhsm" "SEALROOM_SHIM_PLAN_FILE=$plan"
misbehave() { echo "$1" >"$plan.new" && mv "$plan.new" "$plan"; }

step "a home whose tokens can be killed at any call"
misbehave ""
fast_ceremony fast.yaml
sealroom init --softhsm --module "$shim" >/dev/null
start_daemon
sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null
stop_daemon
cp -r "$home" before

# rotated_then_killed POINT: a rotation in a fresh copy of the home that ends there.
rotated_then_killed() {
  rm -rf "$home"
  cp -r before "$home"
  misbehave ""
  start_daemon
  expect_exit 0 sealroom unlock --all
  misbehave "$1"
  expect_exit 1 sealroom audit rotate-key
  ended_by KILL
  misbehave ""
  start_daemon
}

works() {
  expect_exit 0 sealroom audit verify
  says "its signature verifies"
  client_csr "$medium/requests/intermediate/client_cert/c.csr" "c"
  expect_exit 0 sealroom process "$medium" --json
  out=$medium/issued/$(look 'd["batch"]' <stdout)
  expect_exit 4 "$bin/sealroom-verify" "$out"
  rm -rf "${medium:?}"/*
}

# destroy_unknown: what a killed rotation left on the token, which nobody has decided about.
destroy_unknown() {
  sealroom key list --json | look '"\n".join(k["key_id"] + " " + (k["public_key_sha256"] or k["key_id"])[-8:]
    for t in d["tokens"] for k in t["keys"] if k["standing"] == "unknown")' >unknown
  while read -r id digits; do
    [ -n "$id" ] || continue
    expect_exit 0 sealroom key destroy log "$id" --confirm "$digits"
  done <unknown
}

# Signatures: two on trial, by the new key and by the old one; then the entry; one on trial, and the checkpoint's.
for point in C_GenerateKeyPair=kill-before C_GenerateKeyPair=kill-after C_Sign:1=kill-before C_Sign:3=kill-before \
  C_Sign:4=kill-before C_Sign:4=kill-after; do
  step "$point: the old key is in force"
  rotated_then_killed "$point"
  is "$(events log.key-rotated)" 0
  sealroom status >stdout
  says "the key of log was being generated when the daemon ended"
  expect_exit 0 sealroom recover
  says "closed: the key of log was being generated"
  expect_exit 0 sealroom unlock --all
  destroy_unknown
  works
  expect_exit 0 sealroom audit rotate-key
  works
  stop_daemon
done
for point in C_Sign:5=kill-before C_Sign:6=kill-before C_Sign:6=kill-after; do
  step "$point: the rotation is whole"
  rotated_then_killed "$point"
  is "$(events log.key-rotated)" 1
  expect_exit 0 sealroom recover
  says "nothing is unaccounted for"
  expect_exit 0 sealroom unlock --all
  works
  stop_daemon
done

step "a token that fails instead: the old key is in force, and the failure is in the log"
for point in C_GenerateKeyPair=CKR_DEVICE_MEMORY C_Sign:3=CKR_DEVICE_ERROR C_Sign:4=CKR_DEVICE_ERROR; do
  rm -rf "$home"
  cp -r before "$home"
  misbehave ""
  start_daemon
  expect_exit 0 sealroom unlock --all
  misbehave "$point"
  expect_exit 5 sealroom audit rotate-key
  misbehave ""
  is "$(events log.key-rotated)$(events key.generation-failed)" 01
  works
  stop_daemon
done
echo "rotate_killed: ok"
