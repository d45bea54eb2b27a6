# What the MQTT parts share: a trial appliance has issued for a broker and two clients, and sealroom-pack has made the
# stores. Sourced as: . "$(dirname "$0")/lib/mqtt.sh" "$@"     (the first argument is the directory of the programs)
#
# Afterwards: $issued (the export), $stores (hivemq-keystore, hivemq-truststore, client-keystore, client-truststore, and of
# somebody else's CA stranger-keystore and stranger-truststore; each as .jks and .p12, its password in NAME.password), $keys
# (NAME.csr.key).
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fetched=$(cd "$interop/../.." && pwd)/build/interop  # what comes from a registry stays here
. "$interop/../e2e/lib/session.sh" "$1"

brokers=()
end_brokers() {
  local process
  for process in "${brokers[@]}"; do { kill "$process" && wait "$process"; } 2>/dev/null || true; done
  clean_up
}
trap end_brokers EXIT

not_run() {
  echo "NOT RUN: $*"
  exit 77
}

# wait_for WHAT FILE PATTERN PROCESS: until the file has such a line; the process must live that long.
wait_for() {
  local i
  for ((i = 0; i < 600; i++)); do
    if grep -qE -- "$3" "$2" 2>/dev/null; then return 0; fi
    kill -0 "$4" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 30 "$2" >&2
  fail "$1 did not come up"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# key_store NAME CERTIFICATE KEY CHAIN: NAME.jks and NAME.p12, both with the password in NAME.password
key_store() {
  local store=("$bin/sealroom-pack" keystore --cert "$2" --chain "$4" --key "$3" --alias "$1")
  "${store[@]}" --out "$stores/$1.jks" --store-password-from "generate:$stores/$1.password" >/dev/null
  "${store[@]}" --type pkcs12 --out "$stores/$1.p12" --store-password-from "file:$stores/$1.password" >/dev/null
}
# trust_store NAME CERTIFICATE
trust_store() {
  local store=("$bin/sealroom-pack" truststore --entry "root=$2")
  "${store[@]}" --out "$stores/$1.jks" --store-password-from "generate:$stores/$1.password" >/dev/null
  "${store[@]}" --type pkcs12 --out "$stores/$1.p12" --store-password-from "file:$stores/$1.password" >/dev/null
}

step "an appliance issues for a broker and its clients; sealroom-pack makes the stores"
stores=$work/stores
mkdir "$stores"
open_home
server_csr "$medium/requests/intermediate/server_cert/broker.csr" localhost
client_csr "$medium/requests/intermediate/client_cert/client.csr" "HiveMQ MQTT Client"
sealroom process "$medium" >/dev/null
stop_daemon
issued=$(echo "$medium"/issued/*/intermediate/server_cert/broker.cert.pem)
issued=${issued%/intermediate/*}
chain=$issued/ca/ca-chain.cert.pem
server=$issued/intermediate/server_cert/broker
client=$issued/intermediate/client_cert/client
key_store hivemq-keystore "$server.cert.pem" "$keys/broker.csr.key" "$chain"
key_store client-keystore "$client.cert.pem" "$keys/client.csr.key" "$chain"
trust_store hivemq-truststore "$issued/ca/root.cert.pem"
trust_store client-truststore "$issued/ca/root.cert.pem"

# A CA of somebody else's, and a client of it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$keys/stranger-ca.key" -days 30 \
  -subj "/CN=Another CA" -addext "keyUsage=critical,keyCertSign" -out "$work/stranger-ca.pem" 2>/dev/null
client_csr "$work/stranger.csr" "A stranger"
openssl x509 -req -in "$work/stranger.csr" -CA "$work/stranger-ca.pem" -CAkey "$keys/stranger-ca.key" -days 20 \
  -extfile <(echo "extendedKeyUsage=clientAuth") -out "$work/stranger.pem" 2>/dev/null
key_store stranger-keystore "$work/stranger.pem" "$keys/stranger.csr.key" "$work/stranger-ca.pem"
trust_store stranger-truststore "$work/stranger-ca.pem"
