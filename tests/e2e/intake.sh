#!/usr/bin/env bash
# What requests may carry: a challengePassword that nobody ever sees again, an Ed25519 key by setting, and no key that is
# on a list of weak ones.
. "$(dirname "$0")/lib/session.sh" "$@"

secret="Horse Battery 4711 Staple"
in_base64=$(printf '%s' "$secret" | base64 | cut -c 1-30)
leaf=$medium/requests/intermediate

cat >password.cnf <<E
[req]
distinguished_name = name
attributes = attributes
req_extensions = extensions
prompt = no
[name]
CN = broker.example.com
[attributes]
challengePassword = $secret
unstructuredName = An Optional Company
[extensions]
subjectAltName = DNS:broker.example.com
keyUsage = digitalSignature
subjectKeyIdentifier = hash
1.2.3.4 = ASN1:NULL
E
# With -subj openssl would leave the attributes out.
with_password() {
  mkdir -p "$leaf/server_cert"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$keys/$1.key" -config password.cnf \
    -out "$leaf/server_cert/$1.csr" 2>/dev/null
}
with_password refused
sed -i /1.2.3.4/d password.cnf
with_password good
# Refused as well, each in another place: before anything is read, while it is read, and for its signature.
openssl req -in "$leaf/server_cert/good.csr" -outform DER -out good.der
openssl asn1parse -inform DER -in good.der | contains "$secret" || fail "the request holds no password"
python3 - "$leaf/server_cert" <<'E'
import pathlib, sys
good, to = pathlib.Path("good.der").read_bytes(), pathlib.Path(sys.argv[1])
password = good.index(b"Horse")
(to / "torn.der").write_bytes(good[:password + 30])
(to / "version.der").write_bytes(good.replace(b"\x02\x01\x00", b"\x02\x01\x07", 1))
(to / "tampered.der").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
other = good.index(b"An Optional Company")  # 1.2.840.113549.1.9.2 becomes 9.7: the password's attribute twice
at = good.rindex(bytes.fromhex("2a864886f70d010902"), 0, other)
(to / "twice.der").write_bytes(good[:at + 8] + b"\x07" + good[at + 9:])
E

# says_nothing FILE...: neither the password nor its base64 is in them.
says_nothing() {
  [ $# -gt 0 ] || fail "no file to search"
  if grep -aqF -e "$secret" -e "$in_base64" -- "$@"; then
    fail "the password is in $(grep -alF -e "$secret" -e "$in_base64" -- "$@" | tr '\n' ' ')"
  fi
}

# everywhere COMMAND...: runs it, whatever its exit code; what it prints holds no password.
everywhere() {
  "$@" >out.txt 2>&1 </dev/null || true
  says_nothing out.txt
}

step "a challengePassword is listed, and its value is nowhere"
open_home
everywhere sealroom check "$leaf"/server_cert/*
expect_exit 3 sealroom check "$leaf"/server_cert/* --json
says_nothing stdout stderr
expect_exit 3 sealroom import "$medium" --json
says_nothing stdout stderr
is "$(verdict intermediate/server_cert/good.csr stdout)" accepted
refused_for intermediate/server_cert/refused.csr extension.unknown stdout
refused_for intermediate/server_cert/torn.der request.not-der stdout
refused_for intermediate/server_cert/version.der request.version stdout
refused_for intermediate/server_cert/tampered.der signature.mismatch stdout
refused_for intermediate/server_cert/twice.der request.attribute-duplicate stdout
asked() {
  look '", ".join(a["asked"] + ": " + a["happened"] for r in d["requests"] if r["file"].endswith("'"$1"'") for a in r["asked"])' <stdout
}
is "$(asked good.csr)" "extension subjectAltName: copied, extension keyUsage: replaced by the profile's, extension\
 subjectKeyIdentifier: replaced by the profile's, attribute unstructuredName: ignored,\
 attribute challengePassword: ignored, attribute extReq: read" "what happened to what was asked"
asked refused.csr | contains "extension 1.2.3.4: refused" || fail "the unknown extension is not listed as refused"
batch=$(look 'd["batch"]' <stdout)
everywhere sealroom import "$medium"
expect_exit 0 sealroom sign "$batch"
expect_exit 0 sealroom export "$batch" "$medium"
everywhere sealroom batch show "$batch"
everywhere sealroom batch show "$batch" --json
everywhere sealroom audit show --json
everywhere sealroom certificate list --json
mapfile -t exported < <(find "$medium/issued" -type f)
says_nothing "${exported[@]}" daemon.stdout daemon.stderr

step "the ledger has it only inside the request, octet for octet"
stop_daemon
python3 - "$home/ledger" "$secret" <<'E'
import pathlib, sqlite3, sys
ledger, secret = next(pathlib.Path(sys.argv[1]).glob("*.db")), sys.argv[2].encode()
database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
found = set()
for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
    names = [column[1] for column in database.execute(f"pragma table_info('{table}')")]
    for row in database.execute(f"select * from '{table}'"):
        for name, value in zip(names, row):
            octets = value.encode() if isinstance(value, str) else value
            if isinstance(octets, bytes) and secret in octets:
                found.add((table, name))
assert found == {("request", "octets")}, found
E

step "Ed25519 keys are refused, unless the settings allow them"
rm -r "$medium/requests"
openssl req -new -newkey ed25519 -nodes -keyout ed.key -subj "/CN=ed.example.com" \
  -addext "subjectAltName=DNS:ed.example.com" -out ed.csr 2>/dev/null
install -D ed.csr "$leaf/server_cert/ed.csr"
expect_exit 3 sealroom check "$leaf/server_cert/ed.csr" --json
is "$(verdict "$leaf/server_cert/ed.csr" stdout)" key.algorithm
printf '\nkeys:\n  ed25519: allow\n' >>"$home/sealroom.yaml"
expect_exit 0 sealroom check "$leaf/server_cert/ed.csr" --json
start_daemon
sealroom unlock --all >/dev/null
expect_exit 0 sealroom process "$medium" --json
certificate=$(find "$medium/issued" -name ed.fullchain.pem)
root=$(find "$medium/issued" -name root.cert.pem | head -n 1)
openssl verify -x509_strict -purpose sslserver -CAfile "$root" -untrusted "$certificate" "$certificate" >/dev/null ||
  fail "openssl does not verify the certificate of an Ed25519 key"
openssl x509 -in "$certificate" -noout -pubkey | cmp - <(openssl pkey -in ed.key -pubout) || fail "another key"
stop_daemon

step "a key on the list of weak keys is refused, and only with the list that was named"
rm -r "$medium/requests"
make_rsa() {
  mkdir -p "$leaf/client_cert"
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$leaf/client_cert/$1.csr" 2>/dev/null
}
make_rsa weak
make_rsa strong
{
  echo "# leaked with a product"
  openssl req -in "$leaf/client_cert/weak.csr" -noout -modulus | sha1sum | cut -c 21-40
} >"$home/weak-keys"
digest=$(sha256sum <"$home/weak-keys" | cut -d ' ' -f 1)
printf '  debian_weak_keys: {file: weak-keys, sha256: "%s"}\n' "$digest" >>"$home/sealroom.yaml"
start_daemon
expect_exit 3 sealroom import "$medium" --json
is "$(verdict intermediate/client_cert/weak.csr stdout)" key.debian-weak
is "$(verdict intermediate/client_cert/strong.csr stdout)" accepted
stop_daemon
echo 00000000000000000000 >>"$home/weak-keys"
! try_daemon || fail "the daemon started with another list"
is "$daemon_code" 2
grep -qF "sha256 of weak-keys is" daemon.stderr || fail "the daemon does not say why"
expect_exit 2 sealroom check "$leaf/client_cert/weak.csr"
complains "sealroom.yaml:"
echo "intake: ok"
