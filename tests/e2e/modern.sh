#!/usr/bin/env bash
# The modern set of profiles from its init to its certificates: what it leaves out of the guide's, and that programs
# which are not ours take what it makes.
. "$(dirname "$0")/lib/session.sh" "$@"

step "a home with the modern set, and the ceremony that ships"
expect_exit 2 sealroom init --softhsm --profiles ancient
complains 'there is no profile set "ancient"'
complains "the sets are: guide, modern"
[ ! -e "$home" ] || fail "a home was made"
expect_exit 0 sealroom init --softhsm --profiles modern
for name in root intermediate; do
  cmp "$home/issuers/$name.cnf" "$ceremonies/issuers-modern/$name.cnf" || fail "another $name.cnf than the reviewed one"
done
start_daemon
fast_ceremony fast.yaml
expect_exit 0 sealroom ceremony run fast.yaml --medium "$medium"

step "servers and clients with EC and RSA keys"
rsa_csr() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "$keys/rsa.key" -subj "/CN=$2" -out "$1" "${@:3}" 2>/dev/null
}
requests=$medium/requests/intermediate
server_csr "$requests/server_cert/ec.csr" ec.example.com
rsa_csr "$requests/server_cert/rsa.csr" rsa.example.com -addext "subjectAltName=DNS:rsa.example.com"
client_csr "$requests/client_cert/ec.csr" sensor-1
rsa_csr "$requests/client_cert/rsa.csr" sensor-2
make_csr "$requests/server_cert/unlisted.csr" "/CN=other.example.com" -addext "subjectAltName=DNS:one.example.com"
make_csr "$requests/server_cert/usage.csr" "/CN=usage.example.com" -addext "subjectAltName=DNS:usage.example.com" \
  -addext "keyUsage=keyEncipherment"
expect_exit 3 sealroom process "$medium" --json
cp stdout report.json
is "$(verdict intermediate/server_cert/unlisted.csr report.json)" names.common-name
is "$(verdict intermediate/server_cert/usage.csr report.json)" extension.usage
for name in server_cert/ec server_cert/rsa client_cert/ec client_cert/rsa; do
  is "$(verdict "intermediate/$name.csr" report.json)" accepted "$name"
done

step "what is in them"
out=$medium/issued/$(look 'd["batch"]' <report.json)
# line CERTIFICATE EXTENSION: its value as OpenSSL prints it, in one line.
line() { openssl x509 -in "$out/intermediate/$1.cert.pem" -noout -ext "$2" 2>/dev/null | tail -n +2 | xargs echo; }
is "$(line server_cert/ec keyUsage)" "Digital Signature"
is "$(line server_cert/rsa keyUsage)" "Digital Signature, Key Encipherment"
is "$(line client_cert/ec keyUsage)" "Digital Signature"
is "$(line client_cert/rsa keyUsage)" "Digital Signature, Key Encipherment"
for name in server_cert/ec server_cert/rsa client_cert/ec client_cert/rsa; do
  is "$(line "$name" nsCertType,nsComment)" "" "Netscape extensions of $name"
  [[ $(line "$name" authorityKeyIdentifier) =~ ^[0-9A-F:]+$ ]] || fail "authorityKeyIdentifier of $name"
done

step "OpenSSL takes them for what they are"
ca=$out/ca
openssl verify -x509_strict -purpose sslserver -CAfile "$ca/root.cert.pem" -untrusted "$ca/intermediate.cert.pem" \
  "$out"/intermediate/server_cert/{ec,rsa}.cert.pem
openssl verify -x509_strict -purpose sslclient -CAfile "$ca/root.cert.pem" -untrusted "$ca/intermediate.cert.pem" \
  "$out"/intermediate/client_cert/{ec,rsa}.cert.pem

stop_daemon
echo "modern: ok"
