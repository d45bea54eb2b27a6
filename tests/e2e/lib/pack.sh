# For tests of sealroom-pack: a scratch directory, a PKI made by openssl in pki/, passwords, and what a test says and
# expects. Source it with the test's arguments; what it makes is gone at the end.
set -euo pipefail
export LC_ALL=C.UTF-8
unset SOURCE_DATE_EPOCH
# The leak sanitizer reads its own process, which only root may do to a program that does not dump.
[ "$(id -u)" = 0 ] || export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

bin=$(cd "$1" && pwd)
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
java=$tests/java
work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
umask 022
mkdir pki out

pack() { "$bin/sealroom-pack" "$@"; }

fail() {
  echo "FAILED: $*" >&2
  for file in stdout stderr; do [ ! -s "$file" ] || sed "s/^/  $file: /" "$file" >&2; done
  exit 1
}

# exits CODE COMMAND...: runs it; its output is in stdout and stderr afterwards.
exits() {
  local want=$1 code=0
  shift
  "$@" >stdout 2>stderr </dev/null || code=$?
  [ "$code" = "$want" ] || fail "exit code $code, not $want: $*"
}

says() { grep -qF -- "$1" stdout || fail "stdout does not say: $1"; }
complains() { grep -qF -- "$1" stderr || fail "stderr does not say: $1"; }

# refuses CODE MESSAGE COMMAND...: the exit code, the message in the programs' style, and nothing new in out/.
refuses() {
  local code=$1 message=$2 before
  shift 2
  before=$(find out -printf '%p %m %s\n' | sort; sha256sum out/* 2>/dev/null || true)
  exits "$code" "$@"
  grep -q '^sealroom-pack: error: ' stderr || fail "no error line: $*"
  complains "$message"
  [ ! -s stdout ] || fail "output in spite of an error: $*"
  [ "$before" = "$(find out -printf '%p %m %s\n' | sort; sha256sum out/* 2>/dev/null || true)" ] || fail "something was written: $*"
}

step() { echo "== $*"; }

step "a root, an intermediate, a broker (RSA, encrypted key) and a client (EC), by openssl"
cat >pki/ca.cnf <<'END'
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[intermediate]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[broker]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = DNS:client.example.com
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
echo 'the password of the key' >pki/key-password
chmod 600 pki/key-password
serial=1
# certify NAME SECTION ISSUER DAYS: a certificate for pki/NAME.csr
certify() {
  serial=$((serial + 1))
  local issuer=(-CA "pki/$3.pem" -CAkey "pki/$3.key")
  [ "$3" != self ] || issuer=(-signkey "pki/$1.key")
  openssl x509 -req -in "pki/$1.csr" "${issuer[@]}" -set_serial $serial -days "$4" -sha256 -extfile pki/ca.cnf \
    -extensions "$2" -out "pki/$1.pem" 2>/dev/null
}
request() { openssl req -new -config pki/ca.cnf -key "pki/$1.key" -subj "$2" -out "pki/$1.csr" "${@:3}"; }
for name in root intermediate stranger; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "pki/$name.key" 2>/dev/null
  request "$name" "/O=Example/CN=Test $name CA"
done
certify root root self 3652
certify stranger root self 3652
certify intermediate intermediate root 1000
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass file:pki/key-password -out pki/broker.key 2>/dev/null
request broker /O=Example/CN=broker -passin file:pki/key-password
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pki/client.key 2>/dev/null
chmod 600 pki/*.key
request client /O=Example/CN=client
certify broker broker intermediate 365
certify client client intermediate 375
cp pki/client.key pki/signer.key && cp pki/client.csr pki/signer.csr && certify signer signer intermediate 375
cp pki/client.key pki/expired.key && cp pki/client.csr pki/expired.csr && certify expired client intermediate -1
cat pki/intermediate.pem pki/root.pem >pki/ca-chain.pem
cat pki/root.pem pki/broker.pem pki/intermediate.pem >pki/shuffled.pem
cat pki/client.pem pki/intermediate.pem pki/root.pem >pki/client.fullchain.pem

echo 'correct horse battery' >store-password
echo 'another horse battery' >entry-password
chmod 600 store-password entry-password
store=(--store-password-from file:store-password)
broker=(keystore --cert pki/broker.pem --chain pki/ca-chain.pem --key pki/broker.key --key-password-from file:pki/key-password)
