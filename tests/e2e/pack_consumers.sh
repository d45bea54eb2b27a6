#!/usr/bin/env bash
# What the appliance exported and sealroom-pack made of it, in the hands of the programs that it is for: mosquitto as a
# broker with its clients, Java as a TLS server and client, readers of XML and YAML. Who may not come in is turned away
# for the right reason, and beside each refusal somebody gets in.
. "$(dirname "$0")/lib/session.sh" "$@"

pack() { "$bin/sealroom-pack" "$@"; }
brokers=()
end_brokers() {
  local process
  for process in "${brokers[@]}"; do { kill "$process" && wait "$process"; } 2>/dev/null || true; done
  clean_up
}
trap end_brokers EXIT

# pack_refuses CODE MESSAGE COMMAND...: the exit code, the message in the programs' style, and nothing new in out/.
listing() { find out -printf '%p %m %s\n' | sort; }
pack_refuses() {
  local code=$1 message=$2 before
  shift 2
  before=$(listing)
  expect_exit "$code" "$@"
  grep -q '^sealroom-pack: error: ' stderr || fail "no error line: $*"
  complains "$message"
  [ ! -s stdout ] || fail "output in spite of an error: $*"
  is "$(listing)" "$before" "what is there after: $*"
}

step "an appliance issues for a broker and three clients, one of them for a minute"
open_home
server_csr "$medium/requests/intermediate/server_cert/broker.csr" localhost
client_csr "$medium/requests/intermediate/client_cert/client.csr" "HiveMQ MQTT Client"
client_csr "$medium/requests/intermediate/client_cert/service.csr" "a service"
sealroom process "$medium" >/dev/null
issued=$(echo "$medium"/issued/*/intermediate/server_cert/broker.cert.pem)
issued=${issued%/intermediate/*}
root=$issued/ca/root.cert.pem
chain=$issued/ca/ca-chain.cert.pem
server=$issued/intermediate/server_cert/broker
client=$issued/intermediate/client_cert/client

minute=$work/minute
client_csr "$minute/requests/intermediate/client_cert/brief.csr" "a brief client"
end=$(($(date +%s) + 60))
sealroom import "$minute" --not-after "$(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)" >batch
brief_batch=$(grep -om 1 'B-[0-9]\{8\}-[0-9]\{4\}' batch)
sealroom sign "$brief_batch" >/dev/null
sealroom export "$brief_batch" "$minute" >/dev/null
stop_daemon
brief=$minute/issued/$brief_batch/intermediate/client_cert/brief

# A CA of somebody else's, and a client of it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$keys/stranger-ca.key" -days 30 \
  -subj "/CN=Another CA" -addext "keyUsage=critical,keyCertSign" -out stranger-ca.pem 2>/dev/null
client_csr stranger.csr "a stranger"
openssl x509 -req -in stranger.csr -CA stranger-ca.pem -CAkey "$keys/stranger-ca.key" -days 20 \
  -extfile <(echo "extendedKeyUsage=clientAuth") -out stranger.pem 2>/dev/null

step "mosquitto with the exported chain, and its clients over mutual TLS"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
cat >mosquitto.conf <<END
listener $port 127.0.0.1
cafile $root
certfile $server.chain.pem
keyfile $keys/broker.csr.key
require_certificate true
use_identity_as_username true
allow_anonymous false
user $(id -un)
log_type all
END
mosquitto -c mosquitto.conf >mosquitto.log 2>&1 &
brokers+=($!)
tls=(-h localhost -p "$port" --cafile "$root" -q 1 -t mutual/tls/connection/test)

# as NAME CERTIFICATE KEY: publishes NAME, and another client receives it
received() {
  timeout 60 mosquitto_sub "${tls[@]}" -i "sub-$1" --cert "$client.chain.pem" --key "$keys/client.csr.key" -C 1 >received 2>&1 &
  local subscriber=$!
  for _ in $(seq 100); do
    if grep -q "Sending SUBACK to sub-$1" mosquitto.log; then break; fi
    sleep 0.1
  done
  timeout 60 mosquitto_pub "${tls[@]}" -i "$1" --cert "$2" --key "$3" -m "hello of $1" >pub.out 2>&1 || fail "$1 was turned away: $(cat pub.out)"
  wait $subscriber || fail "what $1 published was not received"
  grep -qxF "hello of $1" received || fail "something else was received: $(cat received)"
}
# turned_away NAME REASON OPTION...: mosquitto's log says why
turned_away() {
  local name=$1 reason=$2 before
  shift 2
  before=$(wc -l <mosquitto.log)
  ! timeout 60 mosquitto_pub "${tls[@]}" -i "$name" "$@" -m "hello of $name" >pub.out 2>&1 || fail "$name was let in"
  for _ in $(seq 50); do
    tail -n +$((before + 1)) mosquitto.log >said
    if grep -qi "$reason" said pub.out; then return 0; fi
    sleep 0.1
  done
  cat said pub.out >&2
  fail "$name was turned away for another reason than: $reason"
}
for _ in $(seq 100); do if grep -q "running" mosquitto.log; then break; fi; sleep 0.1; done
received brief "$brief.chain.pem" "$keys/brief.csr.key"
received client "$client.chain.pem" "$keys/client.csr.key"
grep -qF "u'HiveMQ MQTT Client'" mosquitto.log || fail "mosquitto does not know the client by its certificate"
turned_away nobody "peer did not return a certificate"
turned_away server "XX" --cert "$server.chain.pem" --key "$keys/broker.csr.key"
