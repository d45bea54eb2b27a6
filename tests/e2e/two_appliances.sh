#!/usr/bin/env bash
# Two machines: one has only the root, the other only the intermediate. Requests and certificates travel on media, and the
# intermediate's officer vouches for a root that was made elsewhere by typing the end of its fingerprint.
. "$(dirname "$0")/lib/session.sh" "$@"

root=$work/root intermediate=$work/intermediate

# only ISSUER OTHER: the home of an appliance without the other issuer.
only() {
  sealroom init --softhsm >/dev/null
  rm "$home/issuers/$2.cnf"
  python3 - "$home/sealroom.yaml" "$2" <<'E'
import re, sys
path, other = sys.argv[1:]
text = open(path).read()
text, found = re.subn(rf"^  {other}:\n(?:    .*\n)+", "", text, flags=re.M)
assert found == 1
open(path, "w").write(text)
E
  start_daemon
}

step "an appliance with nothing but a root"
home=$root
only root intermediate
cat >root.yaml <<'E'
ceremony: 1
name: root-only
title: A root on a machine of its own
steps:
  - generate-log-key: {algorithm: ec-p256}
    say: We do as it says.
  - generate-key: {issuer: root, algorithm: ec-p384}
    say: We do as it says.
  - self-sign: {issuer: root, profile: v3_ca, days: 3652}
    say: We do as it says.
  - export: {}
    say: We do as it says.
E
mkdir root-medium
expect_exit 0 sealroom ceremony run root.yaml --medium root-medium
fingerprint=$(openssl x509 -in root-medium/issued/*/ca/root.cert.pem -noout -fingerprint -sha256 | cut -d= -f2 | tr -d : | tr A-F a-f)
is "$(sealroom issuer list --json | look '[i["issuer"] for i in d["issuers"]]')" '["root"]'

step "an appliance with nothing but an intermediate: key and request, and not a certificate yet"
home=$intermediate
only intermediate root
cat >intermediate.yaml <<'E'
ceremony: 1
name: intermediate-only
title: An intermediate on a machine of its own
steps:
  - generate-log-key: {algorithm: ec-p256}
    say: We do as it says.
  - generate-key: {issuer: intermediate, algorithm: ec-p256}
    say: We do as it says.
  - request: {issuer: intermediate}
    say: We do as it says.
E
expect_exit 0 sealroom ceremony run intermediate.yaml --medium "$medium"
is "$(sealroom issuer list --json | look 'd["issuers"][0]["state"]')" requested
server_csr "$medium/requests/intermediate/server_cert/broker.csr" broker.example.com
expect_exit 4 sealroom import "$medium" --json
refused_for intermediate/server_cert/broker.csr issuer.not-active stdout
is "$(sealroom certificate list --json | look 'd["certificates"]')" "[]"
expect_exit 2 sealroom issuer request intermediate "$medium"
complains "--for"
refuses 2 "is not PARENT/PROFILE" sealroom issuer request intermediate "$medium" --for "../x/y"
refuses 2 "no issuer" sealroom issuer request root
refuses 2 "nowhere" sealroom issuer request intermediate nowhere --for root/v3_intermediate_ca
expect_exit 0 sealroom issuer request intermediate "$medium" --for root/v3_intermediate_ca
openssl req -in "$medium/requests/root/v3_intermediate_ca/intermediate.csr" -noout -verify 2>/dev/null || fail "the request"
refuses 1 "intermediate.csr" sealroom issuer request intermediate "$medium" --for root/v3_intermediate_ca

step "the medium at the root: its own request is signed, the other is not for it"
home=$root
expect_exit 0 sealroom process "$medium" --json --days 3650
batch=$(look 'd["batch"]' <stdout)
is "$(look '[i["file"] for i in d["ignored"]]' <stdout)" '["intermediate/server_cert/broker.csr"]'
is "$(look '[r["verdict"] for r in d["requests"]]' <stdout)" '["accepted"]'
place=$medium/issued/$batch/root/v3_intermediate_ca/intermediate
openssl verify -x509_strict -CAfile "$medium/issued/$batch/ca/root.cert.pem" "$place.cert.pem" >/dev/null

step "the medium at the intermediate: nobody has vouched for that root yet"
home=$intermediate
refuses 4 "nobody has vouched for it" sealroom issuer install intermediate "$place.fullchain.pem"
refuses 4 "is not the end of the root's fingerprint" sealroom issuer install intermediate "$place.fullchain.pem" --fingerprint 00000000
refuses 4 "is not the end" sealroom issuer install intermediate "$place.fullchain.pem" --fingerprint "${fingerprint:0:8}"
refuses 4 "is not the end" sealroom issuer install intermediate "$place.fullchain.pem" --fingerprint "${fingerprint: -4}"

step "and wrong chains are not taken at all, whatever the fingerprint"
end=${fingerprint: -8}
refuses 2 "" sealroom issuer install intermediate "$place.cert.pem" --fingerprint "$end"
refuses 2 "" sealroom issuer install intermediate "$medium/issued/$batch/ca/root.cert.pem" --fingerprint "$end"
refuses 2 "" sealroom issuer install intermediate "$medium/issued/$batch/ca/root.cert.pem" "$place.cert.pem" --fingerprint "$end"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout false.key -out false.pem -days 10 \
  -subj "$(openssl x509 -in "$medium/issued/$batch/ca/root.cert.pem" -noout -subject -nameopt compat | sed 's/^subject=//')" 2>/dev/null
refuses 2 "" sealroom issuer install intermediate "$place.cert.pem" false.pem \
  --fingerprint "$(openssl x509 -in false.pem -noout -fingerprint -sha256 | tr -d : | tail -c 9 | tr A-F a-f)"
cat "$place.cert.pem" false.pem "$medium/issued/$batch/ca/root.cert.pem" >stranger-between.pem
refuses 2 "is a root and not the last" sealroom issuer install intermediate stranger-between.pem --fingerprint "$end"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout between.key -out between.csr -subj "/CN=not a link" 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >between.cnf
openssl x509 -req -in between.csr -CA false.pem -CAkey false.key -set_serial 7 -days 10 -extfile between.cnf -out between.pem 2>/dev/null
cat "$place.cert.pem" between.pem "$medium/issued/$batch/ca/root.cert.pem" >no-link-between.pem
refuses 2 "not with exactly these certificates" sealroom issuer install intermediate no-link-between.pem --fingerprint "$end"
refuses 2 "" sealroom issuer install root "$place.fullchain.pem" --fingerprint "$end"
expect_exit 1 sealroom issuer install intermediate nowhere.pem
is "$(sealroom issuer list --json | look 'd["issuers"][0]["state"]')" requested

step "with the right eight digits the intermediate is active, and issues"
expect_exit 0 sealroom issuer install intermediate "$place.fullchain.pem" --fingerprint "${end^^}"
is "$(sealroom issuer list --json | look 'd["issuers"][0]["state"]')" active
sealroom audit show --json >log
grep -F issuer.activated log | contains "\"confirmed\":\"$end\"" || fail "the log does not say what was typed"
expect_exit 0 sealroom issuer install intermediate "$place.fullchain.pem" --fingerprint "$end"
expect_exit 0 sealroom import "$medium" --json
batch=$(look 'd["batch"]' <stdout)
is "$(look '[i["reason"][:24] for i in d["ignored"]]' <stdout)" '["not for this appliance: "]'
expect_exit 0 sealroom sign "$batch"

step "two appliances count their batches by themselves: a folder of the other one is not touched"
[ -e "$medium/issued/$batch" ] || mkdir "$medium/issued/$batch"
refuses 1 "is there already" sealroom export "$batch" "$medium"
rm -rf "${medium:?}/issued"
expect_exit 0 sealroom export "$batch" "$medium"
out=$medium/issued/$batch
openssl verify -x509_strict -purpose sslserver -CAfile root-medium/issued/*/ca/root.cert.pem -untrusted "$out/ca/intermediate.cert.pem" \
  "$out/intermediate/server_cert/broker.cert.pem"
is "$(grep -c BEGIN "$out/intermediate/server_cert/broker.fullchain.pem")" 3 "certificates in the full chain"
mkdir -p note
python3 "$tests/lib/check_export.py" "$out" note >/dev/null
[ ! -e "$out/ca/root.cert.pem" ] || fail "a root that this appliance does not have"

step "neither can do the other's work"
refuses 2 "no issuer" sealroom unlock root --pin-file "$home/pins/sealroom-root.pin"
home=$root
refuses 2 "no issuer" sealroom issuer show intermediate
for home in "$root" "$intermediate"; do
  expect_exit 0 sealroom audit verify
  stop_daemon
done
echo "two_appliances: ok"
