#!/usr/bin/env bash
# The main job as a person does it: a home, a ceremony, a medium with requests of openssl and keytool and of people who
# should not get anything, certificates back; and everything that came back is checked by programs that are not ours.
. "$(dirname "$0")/lib/session.sh" "$@"

step "a home and the ceremony that ships, with its RSA-4096 keys"
expect_exit 0 sealroom init --softhsm
start_daemon
expect_exit 0 sealroom ceremony run "$ceremonies/hivemq.yaml" --medium "$medium"
says "the ceremony is complete"
opening=$medium/issued/$(sealroom batch list --json | look 'd["batches"][-1]["batch"]')
mkdir "$work/note"
for folder in "$medium"/issued/*; do python3 "$tests/lib/check_export.py" "$folder" "$work/note"; done
openssl verify -x509_strict -CAfile "$opening/ca/root.cert.pem" "$opening/ca/intermediate.cert.pem"
openssl x509 -in "$opening/ca/root.cert.pem" -noout -text | contains 'Public-Key: (4096 bit)' || fail "the root is not RSA 4096"
openssl x509 -in "$opening/ca/root.cert.pem" -noout -checkend $((3651 * 86400)) >/dev/null || fail "the root ends too early"

step "a medium: a broker and a client by openssl, a broker by keytool; a tampered, a weak and an arrogant one"
requests=$medium/requests/intermediate
mkdir -p "$requests/server_cert" "$requests/client_cert"
openssl req -new -newkey rsa:2048 -nodes -keyout "$keys/broker.key" -out "$requests/server_cert/broker.csr" 2>/dev/null \
  -subj "/C=DE/ST=Bavaria/L=Landshut/O=HiveMQ/OU=Customer Services/CN=broker.example.com" \
  -addext "subjectAltName=DNS:broker.example.com,DNS:broker-1.example.com,DNS:broker-2.example.com,DNS:localhost,IP:127.0.0.1"
client_csr "$requests/client_cert/sensor.pem" "sensor-17"
keytool -genkeypair -alias broker -keyalg RSA -keysize 2048 -dname "CN=java.example.com, O=HiveMQ, C=DE" \
  -keystore java.p12 -storepass changeit -storetype PKCS12 2>/dev/null
keytool -certreq -alias broker -keystore java.p12 -storepass changeit -ext SAN=dns:java.example.com \
  -file "$requests/server_cert/java.csr" 2>/dev/null
keytool -certreq -alias broker -keystore java.p12 -storepass changeit -file "$requests/server_cert/java-without-names.csr" 2>/dev/null
openssl req -new -newkey rsa:1024 -nodes -keyout "$keys/weak.key" -subj "/CN=weak.example.com" \
  -addext "subjectAltName=DNS:weak.example.com" -out "$requests/server_cert/weak.csr" 2>/dev/null
server_csr tampered.csr tampered.example.com
openssl req -in tampered.csr -outform DER -out tampered.der
python3 -c 'import sys; d = bytearray(open("tampered.der", "rb").read()); d[-1] ^= 1; open(sys.argv[1], "wb").write(d)' "$requests/server_cert/tampered.der"
make_csr "$requests/client_cert/arrogant.csr" "/CN=arrogant" -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=keyCertSign"
make_csr "$requests/server_cert/old-hash.csr" "/CN=old.example.com" -addext "subjectAltName=DNS:old.example.com" -sha1
make_csr "$requests/server_cert/odd-curve.csr" "/CN=odd.example.com" -addext "subjectAltName=DNS:odd.example.com" -pkeyopt ec_paramgen_curve:secp256k1
echo "this is not a request" >"$requests/client_cert/letter.csr"
find "$medium/requests" -type f -exec sha256sum {} + | sort >requests.before

step "process does all of it; what is refused disturbs nobody"
expect_exit 3 sealroom process "$medium" --json
cp stdout report.json
is "$(look 'd["format"]' <report.json)" sealroom-report/1
batch=$(look 'd["batch"]' <report.json)
out=$medium/issued/$batch
is "$(look 'sorted(r["file"] for r in d["requests"] if r["verdict"] == "accepted")' <report.json)" \
  '["intermediate/client_cert/sensor.pem", "intermediate/server_cert/broker.csr", "intermediate/server_cert/java.csr"]' "accepted"
is "$(verdict intermediate/server_cert/java-without-names.csr report.json)" "names.missing-san"
look 'd["requests"]' <report.json | contains '-ext SAN=' || fail "the remedy for keytool is not told"
is "$(verdict intermediate/server_cert/weak.csr report.json)" "key.rsa-too-short"
is "$(verdict intermediate/server_cert/tampered.der report.json)" "signature.mismatch"
is "$(verdict intermediate/client_cert/arrogant.csr report.json)" "extension.ca-rights extension.ca-rights"
is "$(verdict intermediate/server_cert/old-hash.csr report.json)" "signature.algorithm"
is "$(verdict intermediate/server_cert/odd-curve.csr report.json)" "key.curve"
is "$(verdict intermediate/client_cert/letter.csr report.json)" "request.not-pem-or-der"
find "$medium/requests" -type f -exec sha256sum {} + | sort | cmp -s - requests.before || fail "the requests were changed"

step "what is on the medium, by its names, modes and sums"
(cd "$out" && sha256sum --quiet -c SHA256SUMS)
is "$(cd "$out" && find . -type f ! -name SHA256SUMS | wc -l)" "$(wc -l <"$out/SHA256SUMS")" "files that the sums cover"
[ ! -e "$out.partial" ] || fail "a .partial is left"
for name in server_cert/broker server_cert/java client_cert/sensor; do
  for ending in cert.pem chain.pem fullchain.pem p7b; do
    is "$(stat -c %a "$out/intermediate/$name.$ending")" 444 "mode of $name.$ending"
  done
  is "$(grep -c BEGIN "$out/intermediate/$name.chain.pem")" 2 "certificates in the chain of $name"
  is "$(grep -c BEGIN "$out/intermediate/$name.fullchain.pem")" 3 "certificates in the full chain of $name"
  is "$(openssl pkcs7 -in "$out/intermediate/$name.p7b" -print_certs | grep -c '^subject')" 3 "certificates in the bag of $name"
done
is "$(find "$out/intermediate" -type f | wc -l)" 12 "files of certificates"
cmp -s <(cat "$out/ca/intermediate.cert.pem" "$out/ca/root.cert.pem") "$out/ca/ca-chain.cert.pem" || fail "ca-chain.cert.pem"
is "$(look 'sorted(d.items())' <"$out/report.json")" "$(look 'sorted(d.items())' <report.json)" "report.json on the medium"
grep -q '<html' "$out/report.html" && ! grep -qE '(src|href)="?https?:' "$out/report.html" || fail "report.html is not self-contained"
cmp -s "$out/audit/config/issuers/intermediate.cnf" "$home/issuers/intermediate.cnf" || fail "another configuration travels"

step "the certificates, judged by openssl and GnuTLS"
ca=$out/ca
openssl verify -x509_strict -purpose sslserver -CAfile "$ca/root.cert.pem" -untrusted "$ca/intermediate.cert.pem" \
  "$out/intermediate/server_cert/broker.cert.pem" "$out/intermediate/server_cert/java.cert.pem"
openssl verify -x509_strict -purpose sslclient -CAfile "$ca/root.cert.pem" -untrusted "$ca/intermediate.cert.pem" \
  "$out/intermediate/client_cert/sensor.cert.pem"
! openssl verify -x509_strict -purpose sslserver -CAfile "$ca/root.cert.pem" -untrusted "$ca/intermediate.cert.pem" \
  "$out/intermediate/client_cert/sensor.cert.pem" 2>/dev/null || fail "a client certificate passes for a server"
openssl verify -x509_strict -verify_hostname broker-2.example.com -CAfile "$ca/root.cert.pem" \
  -untrusted "$ca/intermediate.cert.pem" "$out/intermediate/server_cert/broker.cert.pem"
openssl verify -x509_strict -verify_ip 127.0.0.1 -CAfile "$ca/root.cert.pem" \
  -untrusted "$ca/intermediate.cert.pem" "$out/intermediate/server_cert/broker.cert.pem"
if command -v certtool >/dev/null; then
  certtool --verify-chain --infile "$out/intermediate/server_cert/broker.fullchain.pem" | contains 'Chain verification output: Verified' || fail certtool
else
  skip "certtool is not installed"
fi
is "$(openssl x509 -in "$out/intermediate/server_cert/broker.cert.pem" -noout -pubkey)" "$(openssl pkey -in "$keys/broker.key" -pubout)" "key"
is "serial=$(look '[r["serial"] for r in d["requests"] if r["file"].endswith("broker.csr")][0]' <report.json)" \
  "$(openssl x509 -in "$out/intermediate/server_cert/broker.cert.pem" -noout -serial)" "serial"
keytool -printcert -file "$out/intermediate/server_cert/java.fullchain.pem" >/dev/null || fail "Java cannot read the chain"

step "log, proofs, checkpoint and plan, recomputed by a stranger"
python3 "$tests/lib/check_export.py" "$out" "$work/note" | tee proven
is "$(grep -c ^proven: proven)" 3 "proven certificates"
grep -q '^plan intermediate:' proven && grep -q ^consistent: proven || fail "plan or consistency was not checked"
openssl dgst -sha256 -verify "$out/audit/log-key.pem" -signature note/note.signature note/note.text
cmp -s "$out/audit/log-key.pem" "$opening/audit/log-key.pem" || fail "the log key has changed"
expect_exit 0 sealroom audit verify

step "a changed octet in the log is noticed by the same stranger"
cp -r "$out" changed && chmod -R u+w changed
sed -i 's/sensor-17/sensor-18/' changed/audit/entries.jsonl
! python3 "$tests/lib/check_export.py" changed "$work/note" >/dev/null 2>&1 || fail "a changed entry was not noticed"

step "the same medium again: nothing is signed twice"
sealroom certificate list --json >before
expect_exit 3 sealroom process "$medium" --json
second=$(look 'd["batch"]' <stdout)
for name in server_cert/broker.csr server_cert/java.csr client_cert/sensor.pem; do
  refused_for "intermediate/$name" request.already-issued stdout
done
serial=$(openssl x509 -in "$out/intermediate/server_cert/broker.cert.pem" -noout -serial | cut -d= -f2)
look 'd["requests"]' <stdout | contains "serial $serial in batch $batch" || fail "serial and batch are not named"
sealroom certificate list --json | cmp -s before - || fail "something was signed again"
[ ! -e "$medium/issued/$second/intermediate" ] || fail "certificates in an export of refusals"

step "the first batch again: it is there already"
find "$out" -printf '%P %i %T@\n' | sort >before
expect_exit 0 sealroom export "$batch" "$medium"
says "is there already, complete and equal"
find "$out" -printf '%P %i %T@\n' | sort | cmp -s before - || fail "the export was touched"

step "the whole log goes out, too"
expect_exit 0 sealroom audit export "$medium"
(cd "$medium"/audit/log-* && sha256sum --quiet -c SHA256SUMS)
sealroom audit show --json | head -n "$(wc -l <"$(echo "$medium"/audit/log-*/log.jsonl)")" | cmp -s - "$medium"/audit/log-*/log.jsonl || fail "another log went out"

expect_exit 0 sealroom lock
stop_daemon
echo "main_job: ok"
