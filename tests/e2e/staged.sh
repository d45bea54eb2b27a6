#!/usr/bin/env bash
# The same work in steps: import, look, sign what is unlocked, export; again, in parts, too late, and after the rules have
# changed. What is planned is what is signed, or it is not signed.
. "$(dirname "$0")/lib/session.sh" "$@"

open_home
sealroom lock >/dev/null
requests=$medium/requests/intermediate
mkdir -p "$requests/server_cert" "$requests/client_cert"
server_csr "$requests/server_cert/broker.csr" broker.example.com
client_csr "$requests/client_cert/client.csr" client

# The daemon again, with the configuration as it is now, and its tokens unlocked.
restart() {
  stop_daemon
  start_daemon
  sealroom unlock --all >/dev/null
}

# states BATCH: of its requests, in order.
states() { sealroom batch show "$1" --json | look '" ".join(r.get("state", r["verdict"]) for r in d["report"]["requests"])'; }

step "process with a locked log key: exit 4, and nothing is imported"
refuses 4 "the log key is locked" sealroom process "$medium"
complains "sealroom unlock"

step "import needs no token"
expect_exit 0 sealroom import "$medium" --json
batch=$(look 'd["batch"]' <stdout)
[[ $batch =~ ^B-[0-9]{8}-[0-9]{4}$ ]] || fail "the batch is called $batch"
is "$(states "$batch")" "planned planned"
is "$(look '[r["state"] for r in d["requests"]]' <stdout)" '["planned", "planned"]'
sealroom batch list >stdout
says "$batch"
sealroom batch show "$batch" >stdout
says "plan $batch/intermediate: 2 certificate(s)"
says "digest"
is "$(sealroom batch show "$batch" --json | look 'd["plans"][0]["document"]["type"]')" sealroom-plan/1
sealroom status >stdout
says "batch $batch has 2 planned certificate(s)"

step "sign with locked tokens: exit 4, names who waits for whom, signs nothing"
refuses 4 "the token of log is locked" sealroom sign "$batch"
expect_exit 0 sealroom unlock log
sealroom certificate list --json >certificates
expect_exit 4 sealroom sign "$batch"
says "2 certificate(s) of intermediate: the token of intermediate is locked"
expect_exit 4 sealroom sign "$batch" --json
is "$(look '[(w["issuer"], w["certificates"]) for w in d["waiting"]]' <stdout)" '[["intermediate", 2]]' waiting
sealroom certificate list --json | cmp -s certificates - || fail "something was signed"
is "$(states "$batch")" "planned planned"

step "export before signing: exit 4, and the medium stays as it is; --partial says what there is"
refuses 4 "2 certificate(s) that are not signed yet" sealroom export "$batch" "$medium"
complains "--partial"
mkdir -p partial
expect_exit 0 sealroom export "$batch" partial --partial
is "$(find "partial/issued/$batch" -path '*intermediate/*_cert/*' | wc -l)" 0 "certificates"
is "$(look '[r["state"] for r in d["requests"]]' <"partial/issued/$batch/report.json")" '["planned", "planned"]'
(cd "partial/issued/$batch" && sha256sum --quiet -c SHA256SUMS)

step "unlock, sign; sign again finds nothing to do"
expect_exit 0 sealroom unlock intermediate
expect_exit 2 sealroom sign "$batch/root"
expect_exit 2 sealroom sign B-20000101-0001
expect_exit 2 sealroom sign "$batch/intermediate/server_cert"
expect_exit 0 sealroom sign "$batch/intermediate"
says "2 issued, 0 withheld"
is "$(states "$batch")" "issued issued"
expect_exit 0 sealroom sign "$batch"
says "0 issued, 0 withheld"
is "$(sealroom certificate list --json --issuer intermediate | look 'len(d["certificates"])')" 2
serial=$(sealroom certificate list --json --issuer intermediate | look 'd["certificates"][0]["serial"]')
expect_exit 0 sealroom certificate show "$serial"
says "BEGIN CERTIFICATE"
expect_exit 1 sealroom certificate show 00FF
expect_exit 2 sealroom certificate show nonsense

step "export: the whole; the partial export of before is not overwritten"
expect_exit 0 sealroom export "$batch" "$medium"
expect_exit 1 sealroom export "$batch" partial
complains "when less was signed"
mkdir -p note
python3 "$tests/lib/check_export.py" "$medium/issued/$batch" note >/dev/null
refuses 2 "nothing left to plan" sealroom batch replan "$batch"

step "the order in the log: planned, recorded, started, issued, exported"
is "$(sealroom audit show --batch "$batch" --json | python3 -c 'import json, sys
print(" ".join(json.loads(line)["event"] for line in sys.stdin))')" \
  "certificate.planned certificate.planned plan.recorded batch.imported batch.exported certificate.started certificate.started certificate.issued certificate.issued batch.exported"

step "wishes: dates within the profile's, and not beyond"
rm -rf "$requests"/*/*
client_csr "$requests/client_cert/short.csr" short
expect_exit 0 sealroom import "$medium" --days 7 --json
is "$(look '"validity" in str(d)' <stdout)" false
days() { look '(lambda f: (f(d["requests"][0]["not_after"]) - f(d["requests"][0]["not_before"])).days)(__import__("datetime").datetime.fromisoformat)' <stdout; }
is "$(days)" 7 "days"
expect_exit 3 sealroom import "$medium" --days 400 --json
refused_for intermediate/client_cert/short.csr validity.too-long stdout
expect_exit 3 sealroom import "$medium" --not-before 2001-01-01T00:00:00Z --json
expect_exit 2 sealroom import "$medium" --not-after tomorrow
expect_exit 2 sealroom import "$medium" --days some

step "replan: a new batch of what is left, the old plan is expired"
rm -rf "$requests"/*/*
client_csr "$requests/client_cert/later.csr" later
echo rubbish >"$requests/client_cert/rubbish.csr"
expect_exit 3 sealroom import "$medium" --json
old=$(look 'd["batch"]' <stdout)
before=$(sealroom batch show "$old" --json | look 'd["report"]["requests"][0]["serial"]')
expect_exit 0 sealroom batch replan "$old" --json
new=$(look 'd["batch"]' <stdout)
[ "$old" != "$new" ] || fail "a batch name was used again"
is "$(states "$old")" "expired refused"
is "$(states "$new")" planned
[ "$(sealroom batch show "$new" --json | look 'd["report"]["requests"][0]["serial"]')" != "$before" ] || fail "a serial was used again"
expect_exit 0 sealroom sign "$old"
says "0 issued"
expect_exit 0 sealroom sign "$new"
says "1 issued"
refuses 2 "there is no batch" sealroom batch replan B-20000101-0001

step "renewal: the same key for the same subject is accepted, and named; another subject is not"
openssl req -new -key "$keys/later.csr.key" -subj /CN=later -addext "subjectAltName=DNS:later.example.com" -out "$requests/client_cert/renewal.csr"
openssl req -new -key "$keys/later.csr.key" -subj /CN=other -out "$requests/client_cert/borrowed.csr"
cp "$requests/client_cert/renewal.csr" "$requests/client_cert/renewal-again.csr"
openssl req -in "$requests/client_cert/later.csr" -outform DER -out "$requests/client_cert/later-as-der.der"
expect_exit 3 sealroom import "$medium" --json
is "$(look '[f["id"] for r in d["requests"] if r["file"].endswith("/renewal-again.csr") and r["verdict"] == "accepted" for f in r["findings"]]' <stdout)" '["key.renewal"]'
refused_for intermediate/client_cert/renewal.csr request.duplicate stdout
refused_for intermediate/client_cert/borrowed.csr key.other-subject stdout
refused_for intermediate/client_cert/later.csr request.already-issued stdout
refused_for intermediate/client_cert/later-as-der.der request.already-issued stdout

step "the same request again on purpose: --reissue names the file, and why"
refuses 2 "reason" sealroom import "$medium" --reissue intermediate/client_cert/later.csr
refuses 2 "there is no such file" sealroom import "$medium" --reissue intermediate/client_cert/nowhere.csr --reason test
expect_exit 3 sealroom import "$medium" --reissue intermediate/client_cert/later.csr --reason "lost with its medium" --json
is "$(verdict intermediate/client_cert/later.csr stdout)" accepted
refused_for intermediate/client_cert/borrowed.csr key.other-subject stdout
sealroom audit show --batch "$(look 'd["batch"]' <stdout)" --json | contains '"reissue_reason":"lost with its medium"' || fail "the reason is not in the log"
again=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom batch replan "$again" --json
[[ $(states "$again") != *planned* ]] || fail "what was planned again can still be signed in its old batch"
is "$(look '[r["state"] for r in d["requests"] if r["file"].endswith("/later.csr")]' <stdout)" '["planned"]' "the reason goes with the request"

step "one request in two batches: the second is withheld when the first was signed"
rm -rf "$requests"/*/*
client_csr "$requests/client_cert/twice.csr" twice
client_csr "$requests/client_cert/once.csr" once
expect_exit 0 sealroom import "$medium" --json
one=$(look 'd["batch"]' <stdout)
rm "$requests/client_cert/once.csr"
client_csr "$requests/client_cert/single.csr" single
expect_exit 0 sealroom import "$medium" --json
two=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom sign "$one"
expect_exit 3 sealroom sign "$two"
says "1 issued, 1 withheld"
is "$(states "$two")" "issued refused"
sealroom batch show "$two" --json | look 'd["report"]' >stdout
refused_for intermediate/client_cert/twice.csr request.already-issued stdout
expect_exit 0 sealroom export "$two" "$medium"
python3 "$tests/lib/check_export.py" "$medium/issued/$two" note >/dev/null

step "a plan under another configuration is not signed"
rm -rf "$requests"/*/*
client_csr "$requests/client_cert/changed.csr" changed
server_csr "$requests/server_cert/kept.csr" kept.example.com
expect_exit 0 sealroom import "$medium" --json
batch=$(look 'd["batch"]' <stdout)
sed -i '/^\[client_cert\]/,/^$/s/OpenSSL Generated Client Certificate/changed since/' "$home/issuers/intermediate.cnf"
restart
expect_exit 3 sealroom sign "$batch"
says "1 issued, 1 withheld"
is "$(states "$batch")" "refused issued"
sealroom batch show "$batch" --json | look 'd["report"]' >stdout
refused_for intermediate/client_cert/changed.csr plan.changed stdout
expect_exit 0 sealroom export "$batch" "$medium"
grep -q "Generated Client" "$medium/issued/$batch/audit/config/issuers/intermediate.cnf" || fail "not the configuration of the plan travels"
expect_exit 0 sealroom batch replan "$batch" --json
batch=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom sign "$batch"
expect_exit 0 sealroom export "$batch" "$medium"
openssl x509 -in "$medium/issued/$batch/intermediate/client_cert/changed.cert.pem" -noout -text | contains "changed since" || fail "not the new configuration"

step "a profile that was taken away: its certificate is withheld, its neighbour's is not"
client_csr "$requests/client_cert/gone.csr" gone
server_csr "$requests/server_cert/stays.csr" stays.example.com
rm "$requests/client_cert/changed.csr" "$requests/server_cert/kept.csr"
expect_exit 0 sealroom import "$medium" --json
batch=$(look 'd["batch"]' <stdout)
sed -i '/^      client_cert:/d' "$home/sealroom.yaml"
restart
expect_exit 3 sealroom sign "$batch"
says "1 issued, 1 withheld"
is "$(states "$batch")" "refused issued"
sealroom batch show "$batch" --json | look 'd["report"]' >stdout
refused_for intermediate/client_cert/gone.csr profile.unknown stdout

step "replanning keeps the validity that was asked for"
rm -rf "$requests"/*/*
server_csr "$requests/server_cert/short.csr" short.example.com
expect_exit 0 sealroom import "$medium" --days 7 --json
expect_exit 0 sealroom batch replan "$(look 'd["batch"]' <stdout)" --json
days='(lambda f: (f(d["requests"][0]["not_after"]) - f(d["requests"][0]["not_before"])).days)(lambda t: __import__("datetime").datetime.fromisoformat(t[:-1]))'
is "$(look "$days" <stdout)" 7 "days"

step "a section that would break a certificate rule: the request is refused with the rule, not signed"
rm -rf "$requests"/*/*
server_csr "$requests/server_cert/unfit.csr" unfit.example.com
sed -i '/^\[server_cert\]/,/^$/s/^keyUsage.*/keyUsage = critical, dataEncipherment/' "$home/issuers/intermediate.cnf"
restart
expect_exit 3 sealroom import "$medium" --json
refused_for intermediate/server_cert/unfit.csr profile.unfit stdout
grep -q "cert.key-usage-of-key" stdout || fail "the certificate rule is not named"
sed -i 's/^keyUsage = critical, dataEncipherment/keyUsage = critical, digitalSignature/' "$home/issuers/intermediate.cnf"
restart
server_csr "$requests/server_cert/unfit.csr" fit.example.com
expect_exit 0 sealroom import "$medium" --json

step "a plan ends with its first certificate: too late, nothing of it is signed"
rm -rf "$requests"/*/*
server_csr "$requests/server_cert/late.csr" late.example.com
expect_exit 0 sealroom import "$medium" --json --not-after "$(date -u -d '+15 seconds' +%FT%TZ)"
batch=$(look 'd["batch"]' <stdout)
sleep 16
expect_exit 3 sealroom sign "$batch"
says "0 issued, 1 withheld"
is "$(states "$batch")" expired
expect_exit 0 sealroom sign "$batch"
says "0 issued, 0 withheld"
expect_exit 0 sealroom export "$batch" "$medium"
[ ! -e "$medium/issued/$batch/intermediate" ] || fail "a certificate of an expired plan left"
expect_exit 3 sealroom batch replan "$batch" --json
refused_for intermediate/server_cert/late.csr validity.order stdout

expect_exit 0 sealroom audit verify
step "a reissue is spent once: what was planned again elsewhere is not planned a third time"
rm -rf "$requests"/*/*
server_csr "$requests/server_cert/again.csr" again.example.com
expect_exit 0 sealroom process "$medium"
expect_exit 0 sealroom import "$medium" --json --reissue intermediate/server_cert/again.csr --reason "batch.restored"
first=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom batch replan "$first" --json
second=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom sign "$second"
says "1 issued"
expect_exit 2 sealroom batch replan "$first"
complains "nothing left to plan"
expect_exit 0 sealroom export "$second" "$medium"  # a reason may be the name of an event

stop_daemon
echo "staged: ok"
