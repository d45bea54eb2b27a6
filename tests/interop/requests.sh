#!/usr/bin/env bash
# Requests of the programs and libraries that people make them with are accepted as they come, by both sets of profiles;
# the certificates are valid to OpenSSL and NSS. scripts/test does the same with openssl, keytool, GnuTLS and NSS.
#
#   tests/interop/requests.sh BIN_DIRECTORY
. "$(dirname "$0")/../e2e/lib/session.sh" "$1"
interop=$tests/../interop
fetched=$interop/../../build/interop  # what comes from a registry stays here
missing=()

# tool NAME COMMAND VERSION...: whether it is here; then its version is printed.
tool() {
  if ! command -v "$2" >/dev/null; then
    missing+=("$1")
    echo "-- NOT RUN: $1: there is no program $2"
    return 1
  fi
  echo "-- $1: $("${@:3}" 2>&1 | head -n 1)"
}

made() { [ "$(find "$requests" -name "$1*" | wc -l)" = "$2" ] || fail "$1 did not make $2 requests"; }

requests=$medium/requests/intermediate
servers=$requests/server_cert clients=$requests/client_cert
mkdir -p "$servers" "$clients"

step "requests of other people's programs"

if tool Botan botan botan version; then
  for kind in rsa ec; do
    key=(--algo=RSA --params=2048)
    [ $kind = rsa ] || key=(--algo=ECDSA --params=secp384r1)
    for purpose in server client; do botan keygen "${key[@]}" >"$keys/botan-$kind-$purpose"; done
    botan gen_pkcs10 "$keys/botan-$kind-server" "botan-$kind.example.com" --country=DE --organization=HiveMQ \
      --dns="botan-$kind.example.com" --ext-ku=PKIX.ServerAuth >"$servers/botan-$kind.csr"
    botan gen_pkcs10 "$keys/botan-$kind-client" "client of Botan $kind" >"$clients/botan-$kind.csr"
  done
  made botan 4
fi

if tool easy-rsa /usr/share/easy-rsa/easyrsa dpkg-query -W -f '${Version}\n' easy-rsa; then
  easyrsa() { /usr/share/easy-rsa/easyrsa --batch --pki-dir="$work/pki-$kind" "$@" >easyrsa.out 2>&1 || fail "easyrsa: $(cat easyrsa.out)"; }
  for kind in rsa ec; do
    easyrsa init-pki
    easyrsa --use-algo=$kind --req-cn="easyrsa-$kind.example.com" --subject-alt-name="DNS:easyrsa-$kind.example.com,IP:10.0.0.9" \
      gen-req server nopass
    easyrsa --use-algo=$kind --req-cn="client of easy-rsa $kind" gen-req client nopass
    cp "$work/pki-$kind/reqs/server.req" "$servers/easyrsa-$kind.req"
    cp "$work/pki-$kind/reqs/client.req" "$clients/easyrsa-$kind.req"
  done
  made easyrsa 4
fi

if tool cfssl cfssl cfssl version; then
  for kind in rsa ecdsa; do
    size=2048
    [ $kind = rsa ] || size=256
    echo '{"CN": "cfssl-'$kind'.example.com", "hosts": ["cfssl-'$kind'.example.com", "10.0.0.8"],
      "key": {"algo": "'$kind'", "size": '$size'}, "names": [{"C": "DE", "O": "HiveMQ"}]}' >server.json
    echo '{"CN": "client of cfssl '$kind'", "key": {"algo": "'$kind'", "size": '$size'}}' >client.json
    cfssl genkey server.json 2>cfssl.out | look 'd["csr"]' >"$servers/cfssl-$kind.csr"
    cfssl genkey client.json 2>cfssl.out | look 'd["csr"]' >"$clients/cfssl-$kind.csr"
  done
  made cfssl 4
fi

cryptography='import cryptography; print("cryptography", cryptography.__version__)'
if /usr/bin/python3 -c "$cryptography" >/dev/null 2>&1 && tool python3-cryptography /usr/bin/python3 /usr/bin/python3 -c "$cryptography"; then
  /usr/bin/python3 "$interop/python/requests.py" "$servers" "$clients"
  made python 4
else
  missing+=(python3-cryptography)
fi

if tool "Go's crypto/x509" go go version; then
  go run "$interop/go/requests.go" "$servers" "$clients"
  made go 6
fi

castle=/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar
if [ -e /usr/share/java/bcpkix.jar ] && tool BouncyCastle java dpkg-query -W -f '${Package} ${Version}\n' libbcpkix-java; then
  java -cp "$castle" "$interop/java/Requests.java" "$servers" "$clients"
  made bouncycastle 4
else
  missing+=(BouncyCastle)
fi

if tool "Rust's rcgen" cargo cargo --version; then
  if timeout 500 cargo build --quiet --locked --manifest-path "$interop/rust/Cargo.toml" --target-dir "$fetched/rust" >cargo.out 2>&1; then
    "$fetched/rust/debug/requests" "$servers/rcgen.csr" "$clients/rcgen.csr"
    made rcgen 2
  else
    missing+=("Rust's rcgen")
    echo "-- NOT RUN: Rust's rcgen: crates.io could not be reached or it does not build: $(tail -n 3 cargo.out)"
  fi
fi

count=$(find "$requests" -type f | wc -l)
[ "$count" -gt 0 ] || { echo "NOT RUN: none of the programs is here"; exit 77; }

nss=$work/nss
mkdir "$nss"
certutil -N -d "sql:$nss" --empty-password
# nss USAGE FILE: 0 is a client, 1 a server.
nss() { vfychain -d "sql:$nss" -pp -u "$1" -a "$2" "$out/ca/intermediate.cert.pem" >nss.out 2>&1 || fail "NSS: $2: $(cat nss.out)"; }

for set in guide modern; do
  step "the $set set: all $count are accepted, and valid to OpenSSL and NSS"
  home=$work/home.$set
  fast_ceremony fast.yaml
  sealroom init --softhsm --profiles $set >/dev/null
  start_daemon
  mkdir "$work/ceremony.$set"
  sealroom ceremony run fast.yaml --medium "$work/ceremony.$set" >/dev/null
  sealroom process "$medium" --json >stdout || true
  is "$(look '[r["file"] + ": " + r["findings"][0]["detail"] for r in d["requests"] if r["verdict"] == "refused"]' <stdout)" "[]" refused
  is "$(look 'len(d["requests"])' <stdout)" "$count" requests
  out=$medium/issued/$(look 'd["batch"]' <stdout)
  stop_daemon
  certutil -A -d "sql:$nss" -n "$set root" -t CT,, -a -i "$out/ca/root.cert.pem"
  for purpose in server client; do
    for certificate in "$out"/intermediate/${purpose}_cert/*.cert.pem; do
      openssl verify -x509_strict -purpose ssl$purpose -CAfile "$out/ca/root.cert.pem" -untrusted "$out/ca/intermediate.cert.pem" \
        "$certificate" >verify.out 2>&1 || fail "openssl: $(cat verify.out)"
      nss "$([ $purpose = client ] && echo 0 || echo 1)" "$certificate"
    done
  done
  (cd "$out/intermediate" && find . -name '*.cert.pem' | sort | sed 's/\.cert\.pem$//; s/^/ok  /')
done
[ ${#missing[@]} = 0 ] || echo "-- of these programs nothing was seen: $(IFS=,; echo "${missing[*]}")"
echo "requests: ok"
