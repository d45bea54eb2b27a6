#!/usr/bin/env bash
# `sealroom check` judges requests without a daemon as the appliance will: the same verdicts with the same ids, and the
# rules that it could not evaluate are listed.
. "$(dirname "$0")/lib/session.sh" "$@"

requests=$medium/requests
leaf=$requests/intermediate
server_csr "$leaf/server_cert/good.csr" good.example.com
client_csr "$leaf/client_cert/good.pem" client
make_csr "$leaf/server_cert/no-names.csr" /CN=no-names
make_csr "$leaf/client_cert/ca.csr" /CN=ca -addext "basicConstraints=CA:TRUE" -addext "extendedKeyUsage=serverAuth"
make_csr "$leaf/server_cert/sha1.csr" /CN=sha1 -addext "subjectAltName=DNS:a.example.com" -sha1
make_csr "$leaf/server_cert/wild.csr" /CN=wild -addext "subjectAltName=DNS:*.example.com"
make_csr "$leaf/server_cert/curve.csr" /CN=curve -addext "subjectAltName=DNS:a.example.com" -pkeyopt ec_paramgen_curve:secp256k1
make_csr "$leaf/client_cert/extension.csr" /CN=extension -addext "1.2.3.4=ASN1:NULL"
make_csr "$leaf/client_cert/nobody.csr" /O=nobody
make_csr "$requests/root/v3_intermediate_ca/foreign.csr" "/C=FR/ST=Somewhere/O=Other/CN=Foreign CA" -addext "basicConstraints=critical,CA:TRUE"
echo text >"$leaf/client_cert/text.csr"
: >"$leaf/client_cert/empty.csr"
truncate -s 100M "$leaf/client_cert/huge.csr"
mkdir -p "$leaf/no_such_profile"
cp "$leaf/client_cert/good.pem" "$leaf/no_such_profile/x.csr"
openssl req -in "$leaf/client_cert/good.pem" -outform DER -out good.der
client_csr tampered.csr tampered
openssl req -in tampered.csr -outform DER -out tampered.der
python3 -c 'import sys; d = bytearray(open("tampered.der", "rb").read()); d[-1] ^= 1; open(sys.argv[1], "wb").write(d)' "$leaf/client_cert/tampered.der"
head -c 100 good.der >"$leaf/client_cert/torn.der"

# Names that no certificate has, and some that look odd and are right.
odd() { make_csr "$leaf/server_cert/$1.csr" "/CN=$1.example.com" -addext "subjectAltName=$2"; }
odd underscore DNS:a_b.example.com
odd url DNS:https://a.example.com/
odd port DNS:a.example.com:8883
odd address DNS:192.0.2.1
odd dot DNS:a.example.com.
odd label "DNS:$(printf 'a%.0s' {1..64}).example.com"
odd reserved DNS:ab--cd.example.com
odd mail DNS:a.example.com,email:a@example.com
odd uri DNS:a.example.com,URI:mqtt://a.example.com
odd rid DNS:a.example.com,RID:1.2.3.4
odd other DNS:a.example.com,otherName:1.2.3.4\;UTF8:a
odd alabel DNS:xn--bcher-kva.example,DNS:localhost,IP:192.0.2.1,IP:2001:db8::1
make_csr "$leaf/client_cert/mail.csr" "/CN=mail" -addext "subjectAltName=email:a@example.com,URI:urn:device:17"
make_csr "$leaf/client_cert/badmail.csr" "/CN=badmail" -addext "subjectAltName=email:a b@example.com"

step "without any home: the rules of no issuer, and all others listed as open"
expect_exit 0 sealroom check "$leaf/client_cert/good.pem" --json
is "$(look 'd["format"]' <stdout)" sealroom-report/1
is "$(look 'd["batch"]' <stdout)" null
is "$(look 'd["requests"][0]["file"]' <stdout)" "$leaf/client_cert/good.pem"
for id in names.missing-san subject.match request.already-issued key.of-a-ca validity.past-issuer; do
  look 'd["requests"][0]["not_evaluated"]' <stdout | contains "\"$id\"" || fail "$id is not listed as open"
done
expect_exit 3 sealroom check "$leaf/server_cert/curve.csr" "$leaf/client_cert/tampered.der" good.der
says "key.curve"
says "signature.mismatch"
says "accepted"
expect_exit 2 sealroom check good.der --issuer intermediate --profile client_cert
expect_exit 2 sealroom check
[ ! -e "$home" ] || fail "check made a home"

step "with a home: the same verdicts and ids as import's"
open_home
mapfile -t files < <(find "$requests" -type f | LC_ALL=C sort)
sealroom issuer show root --json | look 'd["chain_pem"]' >root.pem
expect_exit 3 sealroom check "${files[@]}" --json
cp stdout checked.json
expect_exit 3 sealroom import "$medium" --json
cp stdout imported.json
python3 - "$requests/" <<'E'
import json, sys
checked = {r["file"].removeprefix(sys.argv[1]): r for r in json.load(open("checked.json"))["requests"]}
imported = {r["file"]: r for r in json.load(open("imported.json"))["requests"]}
assert checked.keys() == imported.keys(), checked.keys() ^ imported.keys()
same = 0
for file, one in checked.items():
    other = imported[file]
    ids, wanted = ([f["id"] for f in r["findings"]] for r in (one, other))
    # What check says, import says; what import says beyond that, check named as not evaluated.
    missing = [i for i in wanted if i not in ids]
    assert set(ids) <= set(wanted), f"{file}: check {ids}, import {wanted}"
    if "not_evaluated" in one:
        assert set(missing) <= set(one["not_evaluated"]), f"{file}: {missing} neither said nor listed"
    else:
        assert not missing, f"{file}: {missing}"
    if missing:
        print(f"{file}: only import says {missing}")
    else:
        assert one["verdict"] == other["verdict"], file
        same += 1
    assert one.get("sha256") == other.get("sha256") and one["profile"] == other["profile"], file
print(f"{same} of {len(checked)} the same in every respect")
assert same == len(checked) - 1  # the name of the foreign CA is compared only with the issuer's certificate at hand
E
is "$(verdict "$leaf/server_cert/good.csr" checked.json)" accepted
is "$(verdict "$leaf/server_cert/no-names.csr" checked.json)" names.missing-san
is "$(verdict "$leaf/server_cert/wild.csr" checked.json)" names.wildcard
for name in underscore url port address dot label reserved; do
  is "$(verdict "$leaf/server_cert/$name.csr" checked.json)" names.dns "$name"
done
for name in mail uri rid other; do is "$(verdict "$leaf/server_cert/$name.csr" checked.json)" names.type "$name"; done
is "$(verdict "$leaf/server_cert/alabel.csr" checked.json)" accepted
is "$(verdict "$leaf/client_cert/mail.csr" checked.json)" accepted
is "$(verdict "$leaf/client_cert/badmail.csr" checked.json)" names.email
is "$(verdict "$leaf/client_cert/extension.csr" checked.json)" extension.unknown
is "$(verdict "$leaf/client_cert/nobody.csr" checked.json)" subject.missing

step "with the issuer's certificate the comparison of names is made as well"
expect_exit 3 sealroom check "$requests/root/v3_intermediate_ca/foreign.csr" --issuer-cert root.pem --json
refused_for "$requests/root/v3_intermediate_ca/foreign.csr" subject.match stdout
! look 'd["requests"][0]["not_evaluated"]' <stdout | contains subject.match || fail "both said and listed as open"

step "an issuer with name constraints, as a chain of certificates: they bind, whoever of the two has them"
bounded() {  # bounded NAME ISSUER EXTENSIONS...
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
  { echo "basicConstraints = critical, CA:true"; echo "keyUsage = critical, keyCertSign"; printf '%s\n' "${@:3}"; } >"$1.ext"
  if [ "$2" = "$1" ]; then signer=(-signkey "$1.key"); else signer=(-CA "$2.pem" -CAkey "$2.key" -CAcreateserial); fi
  openssl x509 -req -in "$1.csr" "${signer[@]}" -extfile "$1.ext" -days 30 -out "$1.pem" 2>/dev/null
}
bounded top top "nameConstraints = critical, permitted;DNS:example.com"
bounded middle top
cat middle.pem top.pem >bounded.pem
server_csr inside.csr a.example.com
server_csr outside.csr a.example.org
for certificate in top.pem bounded.pem; do
  expect_exit 0 sealroom check inside.csr --issuer intermediate --profile server_cert --issuer-cert "$certificate"
  expect_exit 3 sealroom check outside.csr --issuer intermediate --profile server_cert --issuer-cert "$certificate" --json
  refused_for outside.csr names.constrained stdout
done
expect_exit 0 sealroom check outside.csr --issuer intermediate --profile server_cert
cat top.pem middle.pem >upside-down.pem
expect_exit 2 sealroom check inside.csr --issuer-cert upside-down.pem
expect_exit 2 sealroom check good.der --issuer-cert nowhere.pem
expect_exit 1 sealroom check good.der --issuer-cert good.der

step "issuer and profile by name, for a file that lies anywhere"
expect_exit 0 sealroom check good.der --issuer intermediate --profile client_cert
expect_exit 3 sealroom check good.der --issuer intermediate --profile server_cert
says names.missing-san
expect_exit 2 sealroom check good.der --issuer intermediate
expect_exit 2 sealroom check good.der --issuer nobody --profile client_cert
expect_exit 3 sealroom check nowhere.csr
says media.unreadable

step "and the daemon is not needed for any of it"
stop_daemon
expect_exit 3 sealroom check "${files[@]}" --json
cmp -s stdout checked.json || fail "other verdicts without a daemon"
echo "check_command: ok"
