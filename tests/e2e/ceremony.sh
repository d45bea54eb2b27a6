#!/usr/bin/env bash
# Ceremonies: read before they are performed, performed once however often they are run, interrupted and continued, and
# their transcripts are scripts again.
. "$(dirname "$0")/lib/session.sh" "$@"

step "the ceremony that ships: check prints what will happen, without a home"
expect_exit 0 sealroom ceremony check "$ceremonies/hivemq.yaml"
says "1. Make the key that signs the log"
says "8. "
says "SHA-256 $(sha256sum "$ceremonies/hivemq.yaml" | cut -d' ' -f1)"
expect_exit 0 sealroom ceremony check "$ceremonies/hivemq.yaml" --json
is "$(look 'len(d["steps"])' <stdout)" 8 steps
[ ! -e "$home" ] || fail "check made a home"

step "scripts with mistakes: exit 2, with the line"
fast_ceremony good.yaml
bad() { # SED-SCRIPT LINE WHAT
  sed "$1" good.yaml >bad.yaml
  ! cmp -s good.yaml bad.yaml || fail "the test changes nothing: $1"
  expect_exit 2 sealroom ceremony check bad.yaml
  complains "bad.yaml:$2"
  complains "$3"
  [ ! -s stdout ] || fail "output in spite of an error"
}
line_of() { grep -n -- "$1" good.yaml | head -n 1 | cut -d: -f1; }
bad 's/^name: hivemq/&\nsurprise: 1/' $(($(line_of ^name:) + 1)) surprise
bad 's/^name: hivemq/&\nname: again/' $(($(line_of ^name:) + 1)) name
bad 's/^ceremony: 1/ceremony: 2/' "$(line_of ^ceremony:)" ceremony
bad 's/self-sign: {issuer: root,/self-sign: {issuer: root, surprise: 1,/' "$(line_of self-sign)" surprise
bad 's/days: 3652/days: many/' "$(line_of 3652)" days
bad 's/days: 3652/days: 0/' "$(line_of 3652)" days
bad 's/days: 3652, *//; s/, days: 3652//' "$(line_of 3652)" days
bad 's/generate-key: {issuer: root/destroy-key: {issuer: root/' "$(line_of 'issuer: root, algorithm')" destroy-key
bad 's/issuer: root, algorithm: ec-p256/issuer: root, algorithm: rsa-1024/' "$(line_of 'issuer: root, algorithm')" rsa-1024
bad 's/- export: {}/- export: {surprise: 1}/' "$(line_of 'export:')" surprise
bad '$a\  - export: [' "" "bad.yaml"
expect_exit 2 sealroom ceremony check nowhere.yaml
complains nowhere.yaml
head -c 100000 /dev/zero | tr '\0' '#' >large.yaml
expect_exit 2 sealroom ceremony check large.yaml

step "run without a daemon, and with a script that the appliance cannot follow"
sealroom init --softhsm >/dev/null
expect_exit 1 sealroom ceremony run good.yaml
complains "no daemon is running"
start_daemon
refuses 2 "bad.yaml" sealroom ceremony run bad.yaml --medium "$medium"
mkdir elsewhere
sed 's/issuer: root, algorithm/issuer: nobody, algorithm/' good.yaml >other.yaml
expect_exit 2 sealroom ceremony run other.yaml --medium elsewhere
complains 'this appliance has no issuer "nobody"'
expect_exit 2 sealroom ceremony run good.yaml --medium nowhere
complains "nowhere: is not a folder that is there; nothing was done"
is "$(events key.generated)" 0 "keys"
is "$(events certificate.issued)" 0

step "a home without keys says that a ceremony is next, and a wrong name opens no token"
expect_exit 2 sealroom unlock log nobody
complains 'there is no issuer "nobody", so nothing was unlocked'
is "$(sealroom status --json | look 'any(k["unlocked"] for k in d["keys"])')" false "unlocked"
sealroom unlock --all >/dev/null
expect_exit 4 sealroom process "$medium"
complains "a new home gets its keys in a ceremony"
sealroom lock >/dev/null

step "interrupted after three steps by a daemon that is killed; the transcript says how far it came"
python3 - <<'E'
text = open("good.yaml").read()
steps = text.index("\n  - ", text.index("self-sign"))
open("three.yaml", "w").write(text[:steps] + "\n")
E
mkdir first
head -n "$(grep -n 'self-sign' good.yaml | cut -d: -f1)" good.yaml | sed '$d' >two.yaml
expect_exit 0 sealroom ceremony run two.yaml --medium first
mkdir -p early/requests/root/v3_ca
sealroom issuer request root >early/requests/root/v3_ca/root.csr
expect_exit 3 sealroom import early --days 3 --json
refused_for root/v3_ca/root.csr profile.own-certificate stdout
is "$(events certificate.planned)" 0
expect_exit 0 sealroom ceremony run three.yaml --medium first
kill_daemon
expect_exit 1 sealroom ceremony run good.yaml --medium first
start_daemon
root=$(sealroom issuer show root --json | look 'd["chain"][0]["sha256"]')

if [ -f "$shim" ]; then
  step "and once more in the middle of the intermediate's key generation"
  stop_daemon
  cp "$home/sealroom.yaml" sealroom.yaml
  sed -i "s|^module:.*|module: $shim|" "$home/sealroom.yaml"
  start_daemon "SEALROOM_SHIM_MODULE=$softhsm" "SEALROOM_SHIM_PLAN=C_GenerateKeyPair:1=kill-before"
  mkdir second
  expect_exit 1 sealroom ceremony run good.yaml --medium second
  complains "step 4 of 8"
  ended_by KILL
  transcript=$(echo second/*.transcript.yaml)
  expect_exit 0 sealroom ceremony check "$transcript" --json
  is "$(look 'sum("done" in s for s in d["steps"])' <stdout)" 3 "steps done in the transcript"
  grep -q "outcome: .*step 4 of 8" "$transcript" || fail "the transcript does not say why it ends"
  cp sealroom.yaml "$home/sealroom.yaml"
  start_daemon
  is "$(events key.generating)" $(($(events key.generated) + 1)) "intents"
  sealroom status >stdout
  says "the key of intermediate was being generated when the daemon ended"
  expect_exit 0 sealroom recover
  says "the key of intermediate was being generated"
  is "$(events key.abandoned)" 1 "closed intents"
  sealroom status >stdout
  ! grep -q "was being generated" stdout || fail "the intent is still open"
else
  skip "an interrupted key generation: $shim is not built"
fi

step "continued: what is done is not repeated"
expect_exit 0 sealroom ceremony run good.yaml --medium "$medium"
is "$(grep -c 'no, it was done before' stdout)" 3 "steps that were done before"
is "$(sealroom issuer show root --json | look 'd["chain"][0]["sha256"]')" "$root" "the root"
is "$(sealroom issuer list --json | look '[i["state"] for i in d["issuers"]]')" '["active", "active"]'
is "$(events key.generated)" 3 "keys"
is "$(events certificate.issued)" 2 "certificates"
for folder in "$medium"/issued/*; do (cd "$folder" && sha256sum --quiet -c SHA256SUMS); done
openssl verify -x509_strict -CAfile "$(echo "$medium"/issued/*-0002/ca/root.cert.pem)" "$(echo "$medium"/issued/*-0002/ca/intermediate.cert.pem)"

step "run again: nothing is made, nothing is signed"
sealroom issuer list --json >issuers
mkdir third
expect_exit 0 sealroom ceremony run good.yaml --medium third
is "$(events key.generated)$(events certificate.issued)$(events issuer.activated)" 322
sealroom issuer list --json | cmp -s issuers - || fail "the issuers have changed"

step "the transcript is the script, with what each step left, in the script's own grammar"
transcript=$(echo "$medium"/*.transcript.yaml)
is "$(stat -c %a "$transcript")" 444 mode
expect_exit 0 sealroom ceremony check "$transcript" --json
cp stdout transcript.json
expect_exit 0 sealroom ceremony check good.yaml --json
is "$(look '[(s["does"], s["say"]) for s in d["steps"]]' <transcript.json)" "$(look '[(s["does"], s["say"]) for s in d["steps"]]' <stdout)"
is "$(look 'all("done" in s for s in d["steps"])' <transcript.json)" true
is "$(look 'd["steps"][2]["done"]["fingerprint"]' <transcript.json)" "$root"
grep -q "script_sha256: .*$(sha256sum good.yaml | cut -d' ' -f1)" "$transcript" || fail "the script is not named"
is "$(find "$medium" third -name '*:*' | wc -l)" 0 "names with colons"

step "wrong PINs stop a ceremony at once; without a medium it goes into the home"
sealroom lock >/dev/null
(umask 077; echo wrong >wrong.pin)
mkdir fourth
standing >before
expect_exit 5 sealroom ceremony run good.yaml --medium fourth --pin-file wrong.pin
complains "step 1 of 8"
is "$(events token.unlock-failed)" 1 "wrong PINs"
expect_exit 0 sealroom ceremony run good.yaml
is "$(find "$home/ceremonies" -name '*.transcript.yaml' | wc -l)" 1 "transcripts in the home"
expect_exit 0 sealroom audit verify
stop_daemon
echo "ceremony: ok"
