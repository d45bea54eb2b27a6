#!/usr/bin/env bash
# Private keys that the ledger does not know: they are listed, and a token that holds one signs nothing until somebody
# has adopted, destroyed or disowned it. And copies: a key whose token died goes on from another one.
. "$(dirname "$0")/lib/session.sh" "$@"

import_key=$bin/import-key plan=$work/plan
export SOFTHSM2_CONF=$home/softhsm2.conf
for needed in "$shim" "$import_key"; do
  if [ ! -f "$needed" ]; then
    skip "everything: $needed is not built"
    exit 0
  fi
done
export SEALROOM_SHIM_MODULE=$softhsm SEALROOM_SHIM_PLAN_FILE=$plan
misbehave() { echo "$1" >"$plan.new" && mv "$plan.new" "$plan"; }
behave() { misbehave ""; }

# put_key TOKEN KEY LABEL ID [HOW]: behind the back of the appliance.
put_key() { "$import_key" "$1" "$2" "$3" "$4" ${5:+"$5"} <"$home/pins/$1.pin"; }
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
digits_of() { openssl pkey -in "$1" -pubout -outform DER | sha256sum | cut -c 57-64; }
serial_of() { sealroom status --json | look '[k["token"]["serial"] for k in d["keys"] if k["owner"] == "'"$1"'"][0]'; }
unknown() { sealroom status --json | look '" ".join(u["label"] for k in d["keys"] if k["owner"] == "'"$1"'" for u in k["unknown_keys"])'; }
directory_of() { dirname "$(grep -l "$1" "$home"/tokens/*/token.object)"; }

# one NAME: a request, imported and not signed; $batch is its name.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
  expect_exit 0 sealroom import "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
}

step "a token that is full: key generation says so, and leaves nothing"
fast_ceremony fast.yaml
sealroom init --softhsm --module "$shim" >/dev/null
start_daemon
sealroom unlock --all >/dev/null
misbehave "C_GenerateKeyPair=CKR_DEVICE_MEMORY"
expect_exit 5 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
complains "CKR_DEVICE_MEMORY"
complains "nothing of the new pair is left on the token"
is "$(events key.generation-failed)" 1 "failures in the log"
is "$(sealroom key list --json | look 'sum(len(t["keys"]) for t in d["tokens"])')" 0 "keys"
behave
sealroom lock >/dev/null

step "a key that may leave its token is never adopted, and destroyed instead"
new_key loose.pem
for how in extractable:CKA_EXTRACTABLE readable:CKA_SENSITIVE; do
  put_key sealroom-root loose.pem root-key 0c "${how%:*}"
  expect_exit 5 sealroom key adopt root --reason "we need it" --confirm "$(digits_of loose.pem)"
  complains "${how#*:} is"
  is "$(sealroom audit show --json | grep '"event":"key.adoption-refused"' | tail -1 | look 'd["details"]["key_id"]')" 0c "refused"
  expect_exit 0 sealroom key destroy root 0c --confirm "$(digits_of loose.pem)"
  says "key 0c on token"
done
is "$(events key.adoption-refused)$(events key.adopted)" 20 "entries"
is "$(sealroom status --json | look '[k["owner"] for k in d["keys"] if k["unlocked"]]')" "[]" "tokens that were left open"

step "a key whose history nobody can prove is adopted, by name, with evidence"
new_key root.pem
put_key sealroom-root root.pem root-key 0a0b
expect_exit 0 sealroom unlock root
says 'UNKNOWN KEY: "root-key", EC P-256, id 0a0b'
expect_exit 0 sealroom status
says 'holds a private key "root-key" (id 0a0b) that nobody has decided about'
expect_exit 4 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
complains "that nobody has decided about"
is "$(events key.generating)" 2 "the log's key, and the one before" # the root's was not asked for
refuses 2 "a reason" sealroom key adopt root --reason "" --confirm "$(digits_of root.pem)"
refuses 2 "--reason is missing" sealroom key adopt root --confirm "$(digits_of root.pem)"
refuses 4 "must type the last eight digits" sealroom key adopt root --reason "vendor's restore" --confirm 00000000
refuses 4 "must type the last eight digits" sealroom key adopt root --reason "vendor's restore"
expect_exit 0 sealroom key adopt root --reason "vendor's restore" --confirm "$(digits_of root.pem)" --json
is "$(look 'd["outcome"]["key_id"]' <stdout)" 0a0b "adopted"
sealroom audit show --json | grep '"event":"key.adopted"' >adopted
is "$(look 'd["details"]["evidence"]["unproven"]' <adopted)" '["CKA_ALWAYS_SENSITIVE is false", "CKA_NEVER_EXTRACTABLE is false", "CKA_LOCAL is false"]'
is "$(look 'len(d["details"]["evidence"]["extraction"]) >= 5 and d["details"]["reason"]' <adopted)" "vendor's restore"
expect_exit 0 sealroom key adopt root --reason again --confirm "$(digits_of root.pem)"
says "is in use already"
expect_exit 0 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
is "$(unknown root)" "" "unknown keys"
put_key sealroom-root loose.pem another 0d
expect_exit 2 sealroom key adopt root another --reason "a second key" --confirm "$(digits_of loose.pem)"
complains "root has another one"
sealroom key destroy root another --confirm "$(digits_of loose.pem)" >/dev/null
one first
expect_exit 0 sealroom sign "$batch"

step "an unknown key stops its token, not the others; it is destroyed, or left to whom it belongs"
new_key stray.pem
sealroom lock >/dev/null
put_key sealroom-intermediate stray.pem stray 11
put_key sealroom-intermediate loose.pem tenant 22
expect_exit 0 sealroom unlock --all --json
is "$(look 'sorted(k["label"] for k in d["unknown_keys"]["intermediate"])' <stdout)" '["stray", "tenant"]' "unknown"
one second
expect_exit 4 sealroom sign "$batch"
says "2 private key(s) that nobody has decided about"
refuses 2 "has no private key" sealroom key destroy intermediate nothing --confirm 00000000
refuses 2 "is the key of intermediate: it is not destroyed" sealroom key destroy intermediate intermediate-key --confirm 00000000
refuses 4 "must type" sealroom key destroy intermediate stray --confirm "$(digits_of loose.pem)"
expect_exit 0 sealroom key list
says "UNKNOWN"
expect_exit 0 sealroom key destroy intermediate stray --confirm "$(digits_of stray.pem)"
is "$(unknown intermediate)" tenant "what is left"
expect_exit 4 sealroom sign "$batch"
expect_exit 0 sealroom key foreign intermediate tenant --reason "of the mail gateway" --confirm "$(digits_of loose.pem)"
refuses 2 "is foreign already" sealroom key foreign intermediate tenant --reason "of the mail gateway" --confirm "$(digits_of loose.pem)"
expect_exit 0 sealroom sign "$batch"
sealroom lock >/dev/null
expect_exit 0 sealroom unlock intermediate log --json
is "$(look 'd["unknown_keys"]' <stdout)" '{}' "unknown keys after the decision"
is "$(events key.destroyed)$(events key.foreign)" 41 "entries"

step "killed before and after the token destroys: the next unlock says what became of the key"
for at in before after; do
  stop_daemon
  put_key sealroom-intermediate stray.pem "$at" 33
  start_daemon
  sealroom unlock intermediate >/dev/null
  misbehave "C_DestroyObject:1=kill-$at"
  expect_exit 1 sealroom key destroy intermediate "$at" --confirm "$(digits_of stray.pem)"
  ended_by KILL
  behave
  start_daemon
  expect_exit 0 sealroom status
  says "\"$at\" on token $(serial_of intermediate) was being destroyed when the daemon ended"
  failed=$(events key.destruction-failed) destroyed=$(events key.destroyed)
  expect_exit 0 sealroom unlock intermediate
  sealroom status >stdout
  ! grep -q "was being destroyed" stdout || fail "the intent is still open"
  if [ "$at" = before ]; then
    is "$(events key.destruction-failed)" $((failed + 1)) "entries"
    is "$(unknown intermediate)" before "unknown"
    expect_exit 0 sealroom key destroy intermediate "$at" --confirm "$(digits_of stray.pem)"
  else
    is "$(events key.destroyed)" $((destroyed + 1)) "entries"
    is "$(unknown intermediate)" "" "unknown"
  fi
done
stop_daemon
put_key sealroom-intermediate stray.pem again 33 # no half of the old pair is in its way
start_daemon
misbehave "C_DestroyObject:1=CKR_ACTION_PROHIBITED"
expect_exit 5 sealroom key destroy intermediate again --confirm "$(digits_of stray.pem)"
complains "CKR_ACTION_PROHIBITED"
behave
expect_exit 0 sealroom key destroy intermediate again --confirm "$(digits_of stray.pem)"

step "the intermediate's token dies; the vendor's copy of its key on another token takes its place"
sealroom lock >/dev/null
died=$(directory_of sealroom-intermediate)
serial=$(serial_of intermediate)
stop_daemon
mv "$died" dead
start_daemon
expect_exit 5 sealroom unlock intermediate --pin-file "$home/pins/sealroom-intermediate.pin"
complains "is not present"
sealroom status >stdout
says "intermediate  token not present"
expect_exit 0 sealroom unlock root log
stop_daemon
cp -r dead "$home/tokens/11112222-3333-4444-5555-666677778888"
python3 - "$home/tokens/11112222-3333-4444-5555-666677778888/token.object" "$serial" <<'E'
import sys
octets = open(sys.argv[1], "rb").read()
assert octets.count(sys.argv[2].encode()) == 1
open(sys.argv[1], "wb").write(octets.replace(sys.argv[2].encode(), b"c0de" + sys.argv[2][4:].encode()))
E
start_daemon
refuses_and_logs key.refused 5 "the key was made on the one with serial $serial" sealroom unlock intermediate
complains "sealroom key adopt intermediate"
digits=$(sealroom issuer show intermediate --json | look 'd["key"]["public_key_sha256"][-8:]')
misbehave "C_Sign=corrupt"
expect_exit 5 sealroom key adopt intermediate --reason "token $serial died" --confirm "$digits"
is "$(events key.adoption-refused)" 3 "refusals"
behave
is "$(sealroom status --json | look '[k["owner"] for k in d["keys"] if k["unlocked"]]')" "[]" "tokens that were left open"
expect_exit 0 sealroom key adopt intermediate --reason "token $serial died" --confirm "$digits"
says "c0de${serial:4} is adopted"
sealroom audit show --json | grep '"event":"key.adopted"' | tail -1 >adopted
is "$(look 'd["details"]["previous_token_serial"]' <adopted)" "$serial"
is "$(look 'd["details"]["evidence"]["challenge"][:28]' <adopted)" "sealroom adoption challenge "
expect_exit 0 sealroom unlock intermediate log
is "$(unknown intermediate)" tenant "what was foreign on the other token"
expect_exit 0 sealroom key destroy intermediate tenant --confirm "$(digits_of loose.pem)"
one third
expect_exit 0 sealroom sign "$batch"
expect_exit 0 sealroom export "$batch" "$medium"
exported=$medium/issued/$batch
openssl verify -x509_strict -CAfile "$exported/ca/root.cert.pem" -untrusted "$exported/ca/intermediate.cert.pem" \
  "$exported"/intermediate/client_cert/third.cert.pem >/dev/null
openssl pkey -pubin -in "$exported/audit/log-key.pem" >/dev/null
expect_exit 0 "$bin/sealroom-verify" "$exported" --root "$exported/ca/root.cert.pem" --log-key "$exported/audit/log-key.pem"
sealroom audit export "$medium" >/dev/null
expect_exit 0 "$bin/sealroom-verify" "$(echo "$medium"/audit/log-*)" --root "$exported/ca/root.cert.pem" --log-key "$exported/audit/log-key.pem"

step "and when the dead one comes back, it is not the owner's any more, unless people say so again"
sealroom lock >/dev/null
stop_daemon
mv "$home/tokens/11112222-3333-4444-5555-666677778888" copy
mv dead "$died"
start_daemon
expect_exit 5 sealroom unlock intermediate
complains "the key was made on the one with serial c0de"
expect_exit 0 sealroom key adopt intermediate --reason "it works again" --confirm "$digits"
expect_exit 0 sealroom unlock intermediate
sealroom lock >/dev/null
stop_daemon
rm -r "$died"
mv copy "$home/tokens/11112222-3333-4444-5555-666677778888"

step "an issuer's own request has its intent, too"
rm -rf "$home"
sealroom init --softhsm --module "$shim" >/dev/null
start_daemon
head -n "$(grep -n 'self-sign' fast.yaml | cut -d: -f1)" fast.yaml | sed '$d' >keys-only.yaml
sealroom ceremony run keys-only.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null
misbehave "C_Sign:1=CKR_DEVICE_ERROR"
expect_exit 5 sealroom issuer request root
is "$(events issuer.requesting)$(events issuer.request-failed)" 11 "entries"
misbehave "C_Sign:1=kill-after"
expect_exit 1 sealroom issuer request root
ended_by KILL
behave
start_daemon
expect_exit 0 sealroom status
says "the request of root was being signed when the daemon ended"
expect_exit 0 sealroom recover
says "closed: the request of root was being signed"
sealroom unlock root log >/dev/null
expect_exit 0 sealroom issuer request root
openssl req -in stdout -noout -verify 2>/dev/null
is "$(events issuer.requested)" 1 "requests"
expect_exit 0 sealroom audit verify

step "a pair that a crash in key generation left is listed; here it is destroyed, and made anew"
misbehave "C_GenerateKeyPair:1=kill-after"
sealroom unlock intermediate >/dev/null
expect_exit 1 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
ended_by KILL
behave
start_daemon
expect_exit 0 sealroom recover
says "the next unlock lists it"
expect_exit 0 sealroom unlock intermediate
says 'UNKNOWN KEY: "intermediate-key"'
expect_exit 4 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
complains "that nobody has decided about"
digits=$(sealroom key list --json | look '[k["public_key_sha256"][-8:] for t in d["tokens"] if t["owner"] == "intermediate" for k in t["keys"]][0]')
expect_exit 0 sealroom key destroy intermediate intermediate-key --confirm "$digits"
expect_exit 0 sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")"
is "$(sealroom issuer list --json | look '[i["state"] for i in d["issuers"]]')" '["active", "active"]'
stop_daemon
echo "keys: ok"
