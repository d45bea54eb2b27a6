#!/usr/bin/env bash
# Others agree, in both directions: requests that openssl, keytool, GnuTLS and NSS make are accepted as they come, and the
# certificates that come of them are valid for their purpose, and for no other one, to each of these programs.
. "$(dirname "$0")/lib/session.sh" "$@"

# ---- requests: by_TOOL server|client rsa|ec

by_openssl() {
  local purpose=$1 kind=$2 key=(rsa:2048) more=()
  [ "$kind" = rsa ] || key=(ec -pkeyopt ec_paramgen_curve:P-384)
  [ "$purpose" = client ] || more=(-addext "subjectAltName=DNS:openssl-$kind.example.com,IP:127.0.0.1"
    -addext "basicConstraints=CA:FALSE" -addext "keyUsage=digitalSignature" -addext "extendedKeyUsage=serverAuth")
  openssl req -new -newkey "${key[@]}" -noenc -keyout "$keys/openssl.$kind.$purpose" "${more[@]}" \
    -subj "/C=DE/O=HiveMQ/CN=openssl-$kind.example.com" -out "$requests/${purpose}_cert/openssl-$kind.csr"
}

by_keytool() {
  local purpose=$1 kind=$2 key=(RSA -keysize 2048) more=()
  [ "$kind" = rsa ] || key=(EC -groupname secp256r1)
  [ "$purpose" = client ] || more=(-ext "SAN=dns:keytool-$kind.example.com,ip:10.0.0.1")
  local keytool=(keytool -keystore "$keys/keytool.$kind.$purpose" -storepass changeit -alias key)
  "${keytool[@]}" -genkeypair -keyalg "${key[@]}" -dname "CN=keytool-$kind.example.com, OU=Bäcker, O=HiveMQ, C=DE" -storetype PKCS12
  "${keytool[@]}" -certreq "${more[@]}" -file "$requests/${purpose}_cert/keytool-$kind.csr"
}

by_certtool() {
  local purpose=$1 kind=$2 key=(--key-type=rsa --bits=2048)
  [ "$kind" = rsa ] || key=(--key-type=ecdsa --curve=secp521r1)
  certtool --generate-privkey "${key[@]}" --outfile "$keys/certtool.$kind.$purpose"
  printf '%s\n' "cn = certtool-$kind.example.com" "organization = HiveMQ" "country = DE" signing_key "tls_www_$purpose" \
    "challenge_password = not-for-the-log" >template
  [ "$purpose" = client ] || printf '%s\n' "dns_name = certtool-$kind.example.com" "ip_address = ::1" >>template
  certtool --generate-request --load-privkey "$keys/certtool.$kind.$purpose" --template template \
    --outfile "$requests/${purpose}_cert/certtool-$kind.csr"
}

by_certutil() {
  local purpose=$1 kind=$2 key=(-k rsa -g 2048) more=()
  [ "$kind" = rsa ] || key=(-k ec -q nistp256)
  [ "$purpose" = client ] || more=(-8 "certutil-$kind.example.com,other.example.com")
  certutil -R -d "sql:$nss" "${key[@]}" -z noise -f nss.password "${more[@]}" -s "CN=certutil-$kind.example.com,O=HiveMQ,C=DE" \
    -o "$requests/${purpose}_cert/certutil-$kind.der"
}

# ---- certificates

# certified PURPOSE: the certificates of the export that are for it, without ".cert.pem".
certified() {
  find "$out/intermediate/$1_cert" -name '*.cert.pem' | sed 's/\.cert\.pem$//' | sort
}

to_openssl() {
  local verify=(openssl verify -x509_strict -CAfile "$ca/root.cert.pem") certificate
  "${verify[@]}" -purpose any "$ca/root.cert.pem" "$ca/intermediate.cert.pem"
  for certificate in $(certified server); do
    "${verify[@]}" -untrusted "$ca/intermediate.cert.pem" -purpose sslserver "$certificate.cert.pem"
    ! "${verify[@]}" -untrusted "$ca/intermediate.cert.pem" -purpose sslclient "$certificate.cert.pem" 2>/dev/null || fail "openssl: a client"
  done
  for certificate in $(certified client); do
    "${verify[@]}" -untrusted "$ca/intermediate.cert.pem" -purpose sslclient "$certificate.cert.pem"
    ! "${verify[@]}" -untrusted "$ca/intermediate.cert.pem" -purpose sslserver "$certificate.cert.pem" 2>/dev/null || fail "openssl: a server"
  done
}

# gnutls PURPOSE CHAIN: whether certtool accepts it, with its own policy for algorithms.
gnutls() {
  certtool --verify --load-ca-certificate "$ca/root.cert.pem" --verify-purpose "$1" --verify-profile medium \
    --infile "$2" >gnutls.out 2>&1
}
to_gnutls() {
  local certificate server=1.3.6.1.5.5.7.3.1 client=1.3.6.1.5.5.7.3.2
  for certificate in $(certified server); do
    gnutls $server "$certificate.chain.pem" || fail "certtool: $(cat gnutls.out)"
    ! gnutls $client "$certificate.chain.pem" || fail "certtool: a client"
  done
  for certificate in $(certified client); do
    gnutls $client "$certificate.chain.pem" || fail "certtool: $(cat gnutls.out)"
    ! gnutls $server "$certificate.chain.pem" || fail "certtool: a server"
  done
}

to_java() {
  local chains=("ca=$ca/intermediate.cert.pem") certificate
  for certificate in $(certified server); do chains+=("server=$certificate.chain.pem" "not-client=$certificate.chain.pem"); done
  for certificate in $(certified client); do chains+=("client=$certificate.chain.pem" "not-server=$certificate.chain.pem"); done
  chains+=("not-ca=$certificate.chain.pem")
  java "$tests/../java/ValidatePath.java" "$ca/root.cert.pem" "${chains[@]}" >java.out || fail "Java: $(grep FAILED java.out)"
}

# nss USAGE FILE: whether NSS accepts it; its usages are 0 for a client and 1 for a server.
nss() { vfychain -d "sql:$nss" -pp -u "$1" -a "$2" "$ca/intermediate.cert.pem" >nss.out 2>&1; }
to_nss() {
  local certificate
  certutil -A -d "sql:$nss" -f nss.password -n "$set root" -t CT,, -a -i "$ca/root.cert.pem"
  certutil -A -d "sql:$nss" -f nss.password -n "$set intermediate" -t ,, -a -i "$ca/intermediate.cert.pem"
  certutil -V -d "sql:$nss" -f nss.password -n "$set intermediate" -u L -e >nss.out || fail "certutil: $(cat nss.out)"
  for certificate in $(certified server); do
    nss 1 "$certificate.cert.pem" || fail "vfychain: $certificate: $(cat nss.out)"
    ! nss 0 "$certificate.cert.pem" || fail "vfychain: a client"
  done
  for certificate in $(certified client); do
    nss 0 "$certificate.cert.pem" || fail "vfychain: $certificate: $(cat nss.out)"
    ! nss 1 "$certificate.cert.pem" || fail "vfychain: a server"
  done
}

nss=$work/nss
mkdir "$nss"
echo noise-of-a-password >nss.password
head -c 64 /dev/urandom >noise
certutil -N -d "sql:$nss" -f nss.password

requests=$medium/requests/intermediate
mkdir -p "$requests/server_cert" "$requests/client_cert"
step "requests of openssl, keytool, GnuTLS and NSS: for servers and clients, with RSA and EC keys"
for tool in openssl keytool certtool certutil; do
  for kind in rsa ec; do
    for purpose in server client; do "by_$tool" $purpose $kind >made.out 2>&1 || fail "$tool: $(cat made.out)"; done
  done
done
is "$(find "$requests" -type f | wc -l)" 16 requests

declare -A issuer_keys=([guide]=rsa-3072 [modern]=ec-p384)
for set in guide modern; do
  step "the $set set: all of them are accepted"
  home=$work/home.$set
  sed "s/rsa-4096/${issuer_keys[$set]}/" "$ceremonies/hivemq.yaml" >fast.yaml
  sealroom init --softhsm --profiles $set >/dev/null
  start_daemon
  mkdir "$work/ceremony.$set"
  expect_exit 0 sealroom ceremony run fast.yaml --medium "$work/ceremony.$set"
  sealroom process "$medium" --json >stdout || true
  is "$(look '[r["file"] + ": " + r["findings"][0]["detail"] for r in d["requests"] if r["verdict"] == "refused"]' <stdout)" "[]" refused
  out=$medium/issued/$(look 'd["batch"]' <stdout)
  ca=$out/ca
  is "$(look 'sum(r["verdict"] == "accepted" for r in d["requests"])' <stdout)" 16 "accepted requests"
  ! sealroom audit show --json | contains not-for-the-log || fail "the log has a challenge password"
  stop_daemon

  step "the $set set: openssl, GnuTLS, Java and NSS find them valid for their purpose and no other"
  to_openssl
  to_gnutls
  to_java
  to_nss
done
echo "other_tools: ok"
