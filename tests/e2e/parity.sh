#!/usr/bin/env bash
# Parity: what the appliance signs is, octet for octet, what `openssl ca` makes of the same configuration file, request,
# serial and dates; and its root is what `openssl req -x509` makes.
#
# openssl needs the issuer's private key, and ours stay in their tokens. So openssl gets a twin of the issuer: its very
# certificate with another public key of the same size in it. Nothing that goes into a certificate's to-be-signed octets
# depends on that key: the issuer's name, serial and key identifier are the certificate's own.
. "$(dirname "$0")/lib/session.sh" "$@"

cat >der.py <<'E'
import base64, re, sys

def der(path):
    text = open(path).read()
    return base64.b64decode(re.search("-----BEGIN [^-]+-----(.*?)-----END", text, re.S)[1])

def parts(octets, at=0):
    """The elements inside the element at `at`."""
    def bounds(at):
        length, start = octets[at + 1], at + 2
        if length & 0x80:
            n = length & 0x7F
            length, start = int.from_bytes(octets[start:start + n], "big"), start + n
        return start, start + length
    at, end = bounds(at)
    found = []
    while at < end:
        after = bounds(at)[1]
        found.append(octets[at:after])
        at = after
    return found

def tbs(certificate):
    return parts(certificate)[0]

VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)

def identifier(certificate):
    for extension in parts(parts(parts(tbs(certificate))[EXTENSIONS])[0]):
        oid, value = parts(extension)[0], parts(extension)[-1]
        if oid == bytes.fromhex("0603551d0e"):
            return value[-20:]
E

# twin CERTIFICATE KEY OUT: the certificate with the key's public half in the place of its own.
twin() {
  openssl pkey -in "$2" -pubout -out twin.pub
  python3 - "$1" twin.pub "$3" <<'E'
import base64, sys
from der import *
certificate, key = der(sys.argv[1]), der(sys.argv[2])
own = parts(tbs(certificate))[KEY]
assert len(own) == len(key) and certificate.count(own) == 1
text = base64.encodebytes(certificate.replace(own, key)).decode()
open(sys.argv[3], "w").write(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
E
}

# moment CERTIFICATE -startdate|-enddate: as openssl ca takes it.
moment() { date -u -d "$(openssl x509 -in "$1" -noout "$2" | cut -d= -f2)" +%Y%m%d%H%M%SZ; }

# same_by_openssl ISSUER SECTION REQUEST OURS: openssl ca makes it, too, from the file in the home. In that file only the
# lines are changed that say where openssl's own files, key and certificate lie.
same_by_openssl() {
  local issuer=$1 section=$2 request=$3 ours=$4 place=$home/openssl.$1
  mkdir -p "$place/newcerts"
  : >"$place/index.txt"
  openssl x509 -in "$ours" -noout -serial | cut -d= -f2 >"$place/serial.txt"
  twin "$ca/$issuer.cert.pem" twin.key "$place/ca.pem"
  sed -e "s|^dir  *=.*|dir = $place|" -e "s|^private_key  *=.*|private_key = $work/twin.key|" \
    -e "s|^certificate  *=.*|certificate = $place/ca.pem|" "$home/issuers/$issuer.cnf" >"$place/ca.cnf"
  openssl ca -config "$place/ca.cnf" -extensions "$section" -in "$request" -out theirs.pem -notext -batch \
    -startdate "$(moment "$ours" -startdate)" -enddate "$(moment "$ours" -enddate)" >openssl.stdout 2>openssl.stderr ||
    fail "openssl ca: $(tail -n 3 openssl.stderr)"
  openssl asn1parse -in "$ours" -strparse 4 -noout -out ours.tbs
  openssl asn1parse -in theirs.pem -strparse 4 -noout -out theirs.tbs
  cmp ours.tbs theirs.tbs || fail "the to-be-signed octets of $ours differ
$(diff <(openssl asn1parse -inform DER -in ours.tbs) <(openssl asn1parse -inform DER -in theirs.tbs))"
  echo "equal: all $(stat -c %s ours.tbs) to-be-signed octets of $(basename "$ours")"
}

# issue_all SET ALGORITHM: a home with this set of profiles and issuers' keys, and the guide's requests issued in it.
issue_all() {
  local set=$1 algorithm=$2 subject="/C=DE/ST=Bavaria/L=Landshut/O=HiveMQ/OU=Customer Services"
  home=$work/home.$set
  medium=$work/medium.$set
  requests=$medium/requests/intermediate
  mkdir -p "$requests/server_cert" "$requests/client_cert"
  expect_exit 0 sealroom init --softhsm --profiles "$set"
  sed -i 's/server_cert: {purpose: server, days: 365/&, wildcards: allow/' "$home/sealroom.yaml"
  start_daemon
  sed "s/rsa-4096/$algorithm/" "$ceremonies/hivemq.yaml" >"$set.yaml"
  expect_exit 0 sealroom ceremony run "$set.yaml" --medium "$medium"
  openssl req -new -newkey rsa:2048 -nodes -keyout "$keys/broker.key" -out "$requests/server_cert/broker.csr" 2>/dev/null \
    -subj "$subject/CN=broker.example.com/emailAddress=email@hivemq.com" \
    -addext "subjectAltName=DNS:broker.example.com,DNS:broker-1.example.com,DNS:*.mqtt.example.com,DNS:localhost,IP:127.0.0.1" ||
    fail "openssl req"
  client_csr "$requests/client_cert/client.csr" "client 1"
  make_csr "$requests/client_cert/named.csr" "$subject/CN=named" -addext "subjectAltName=critical,email:named@example.com,URI:urn:x:1"
  keytool -genkeypair -alias broker -keyalg EC -groupname secp384r1 -dname "CN=java.example.com, OU=Bäcker, O=HiveMQ, C=DE" \
    -keystore "$set.p12" -storepass changeit -storetype PKCS12 2>/dev/null
  keytool -certreq -alias broker -keystore "$set.p12" -storepass changeit -ext SAN=dns:java.example.com,ip:::1 \
    -file "$requests/server_cert/java.csr" 2>/dev/null
  expect_exit 0 sealroom process "$medium" --json
  out=$medium/issued/$(look 'd["batch"]' <stdout)
  ca=$out/ca
  issued=$out/intermediate
}

# compare_all RSA: with openssl's results; RSA is what the set adds to a section's name for RSA keys.
compare_all() {
  local rsa=$1 serial
  same_by_openssl intermediate "server_cert$rsa" "$requests/server_cert/broker.csr" "$issued/server_cert/broker.cert.pem"
  same_by_openssl intermediate server_cert "$requests/server_cert/java.csr" "$issued/server_cert/java.cert.pem"
  same_by_openssl intermediate client_cert "$requests/client_cert/client.csr" "$issued/client_cert/client.cert.pem"
  same_by_openssl intermediate client_cert "$requests/client_cert/named.csr" "$issued/client_cert/named.cert.pem"

  # The request that the token signed.
  sealroom issuer request intermediate >intermediate.csr
  openssl req -in intermediate.csr -noout -verify 2>/dev/null || fail "the intermediate's request does not verify"
  same_by_openssl root v3_intermediate_ca intermediate.csr "$ca/intermediate.cert.pem"

  # openssl req -x509 has the dates of its own clock, and the twin's key and its identifier.
  serial=$(openssl x509 -in "$ca/root.cert.pem" -noout -serial | cut -d= -f2)
  openssl req -x509 -new -config "$home/issuers/root.cnf" -key twin.key -set_serial "0x$serial" -days 3652 -out theirs.pem
  python3 - "$ca/root.cert.pem" theirs.pem <<'E'
import sys
from der import *
ours, theirs = der(sys.argv[1]), der(sys.argv[2])
mine = tbs(ours)
for change in (KEY, VALIDITY):
    assert mine.count(parts(tbs(ours))[change]) == 1
    mine = mine.replace(parts(tbs(ours))[change], parts(tbs(theirs))[change])
assert mine.count(identifier(ours)) == 2  # of the subject, and of the authority, which is itself
mine = mine.replace(identifier(ours), identifier(theirs))
assert mine == tbs(theirs), "the root's to-be-signed octets differ"
print(f"equal: {len(mine)} to-be-signed octets of root.cert.pem")
E
}

step "the modern set with P-384 issuers"
issue_all modern ec-p384
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out twin.key
compare_all _rsa
stop_daemon

step "the guide's set with its RSA-4096 issuers"
issue_all guide rsa-4096
openssl genrsa -out twin.key 4096 2>/dev/null
compare_all ""

step "and this test can fail: another section gives other octets"
if (same_by_openssl intermediate client_cert "$requests/server_cert/broker.csr" "$issued/server_cert/broker.cert.pem") >/dev/null 2>&1; then
  fail "a difference was not noticed"
fi

stop_daemon
echo "parity: ok"
