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
is "$(verdict "$leaf/client_cert/extension.csr" checked.json)" extension.unknown
is "$(verdict "$leaf/client_cert/nobody.csr" checked.json)" subject.missing

step "with the issuer's certificate the comparison of names is made as well"
expect_exit 3 sealroom check "$requests/root/v3_intermediate_ca/foreign.csr" --issuer-cert root.pem --json
refused_for "$requests/root/v3_intermediate_ca/foreign.csr" subject.match stdout
! look 'd["requests"][0]["not_evaluated"]' <stdout | contains subject.match || fail "both said and listed as open"
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
