#!/usr/bin/env bash
# What the appliance exported and sealroom-pack made of it, in the hands of the programs that it is for: mosquitto as a
# broker with its clients, Java as a TLS server and client. Who may not come in is turned away for the right reason, and
# beside each refusal somebody gets in.
. "$(dirname "$0")/lib/session.sh" "$@"

pack() { "$bin/sealroom-pack" "$@"; }
brokers=()
end_brokers() {
  local process
  for process in "${brokers[@]}"; do { kill "$process" && wait "$process"; } 2>/dev/null || true; done
  clean_up
}
trap end_brokers EXIT

step "an appliance issues for a broker and two clients"
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

# A CA of somebody else's, and a client of it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$keys/stranger-ca.key" -days 30 \
  -subj "/CN=Another CA" -addext "keyUsage=critical,keyCertSign" -out stranger-ca.pem 2>/dev/null
client_csr stranger.csr "a stranger"
openssl x509 -req -in stranger.csr -CA stranger-ca.pem -CAkey "$keys/stranger-ca.key" -days 20 \
  -extfile <(echo "extendedKeyUsage=clientAuth") -out stranger.pem 2>/dev/null

step "mosquitto with the exported chain, and its clients over mutual TLS"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# listen_on PORT: whether mosquitto runs there
listen_on() {
  cat >mosquitto.conf <<END
listener $1 127.0.0.1
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
  local process=$!
  brokers+=("$process")
  for _ in $(seq 600); do
    if grep -q "running" mosquitto.log; then return 0; fi
    kill -0 "$process" 2>/dev/null || break
    sleep 0.1
  done
  unset 'brokers[-1]'
  grep -q "Address already in use" mosquitto.log || fail "mosquitto does not run: $(cat mosquitto.log)"
  return 1
}
# Between the question for a free port and its use another can take it.
for _ in 1 2 3 4 5; do
  port=$(free_port)
  if listen_on "$port"; then break; fi
  port=
done
[ -n "$port" ] || fail "no port is free"
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
# turned_away NAME ALERT [CERTIFICATES KEY]: mosquitto lets its client not in, and with the same certificate openssl hears this
# alert (RFC 8446 section 6.2): mosquitto's own log and client do not say why.
mkfifo silence && exec 7<>silence
turned_away() {
  local name=$1 alert=$2 before shown=() sent=()
  before=$(wc -l <mosquitto.log)
  if [ $# = 4 ]; then shown=(--cert "$3" --key "$4") sent=(-cert "$3" -cert_chain "$3" -key "$4"); fi
  ! timeout 60 mosquitto_pub "${tls[@]}" -i "$name" "${shown[@]}" -m "hello of $name" >pub.out 2>&1 || fail "$name was let in"
  timeout 60 openssl s_client -connect "localhost:$port" -CAfile "$root" "${sent[@]}" <&7 >s_client.out 2>&1 || true
  grep -q "SSL alert number $alert$" s_client.out || { cat s_client.out && fail "$name was turned away for another reason than alert $alert"; }
  ! grep -qF "as $name" <(tail -n +$((before + 1)) mosquitto.log) || fail "mosquitto speaks of $name"
}
certificate_required=116 unsupported_certificate=43 certificate_expired=45 unknown_ca=48

# A third client, for three quarters of a minute. Issued only now, so that a slow machine has all of its time for its one use.
minute=$work/minute
client_csr "$minute/requests/intermediate/client_cert/brief.csr" "a brief client"
end=$(($(date +%s) + 45))
brief_batch=$(sealroom --json import "$minute" --not-after "$(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)" | look 'd["batch"]')
sealroom sign "$brief_batch" >/dev/null
sealroom export "$brief_batch" "$minute" >/dev/null
brief=$minute/issued/$brief_batch/intermediate/client_cert/brief
stop_daemon
received brief "$brief.chain.pem" "$keys/brief.csr.key"
received client "$client.chain.pem" "$keys/client.csr.key"
grep -qF "u'HiveMQ MQTT Client'" mosquitto.log || fail "mosquitto does not know the client by its certificate"
turned_away nobody $certificate_required
turned_away server $unsupported_certificate "$server.chain.pem" "$keys/broker.csr.key"
turned_away stranger $unknown_ca stranger.pem "$keys/stranger.csr.key"
turned_away leaf-alone $unknown_ca "$client.cert.pem" "$keys/client.csr.key"
received still-client "$client.chain.pem" "$keys/client.csr.key"

step "stores in both formats, Java as server and client, with keystore.type.compat=false"
for type in jks p12; do
  format=${type/p12/pkcs12}
  pack keystore --cert "$server.cert.pem" --chain "$chain" --key "$keys/broker.csr.key" --alias "HiveMQ Broker Certificate" \
    --role broker --type $format --out hivemq-keystore.$type --store-password-from generate:hivemq-keystore.$type.password >/dev/null
  pack keystore --cert "$client.cert.pem" --chain "$chain" --key "$keys/client.csr.key" --alias client --role client \
    --type $format --out client-keystore.$type --store-password-from generate:client-keystore.$type.password >/dev/null
  pack truststore --entry "root=$root" --type $format --out truststore.$type --store-password-from generate:truststore.$type.password >/dev/null
done
echo 'keystore.type.compat=false' >strict.security
java=$tests/../java/MutualTls.java
mkdir classes && javac -d classes "$java"
# mutual_tls SERVER_TYPE CLIENT_KEYSTORE CLIENT_TYPE: the exit codes of both sides, server first
mutual_tls() {
  local side codes process port line
  : >server.out
  java -Djava.security.properties=strict.security -cp classes MutualTls server "hivemq-keystore.$1" "hivemq-keystore.$1.password" \
    "hivemq-keystore.$1.password" "truststore.$1" "truststore.$1.password" 0 >server.out 2>server.err &
  process=$!
  brokers+=("$process")
  for _ in $(seq 600); do
    port=$(sed -n 's/^port //p' server.out)
    if [ -n "$port" ]; then break; fi
    kill -0 $process || fail "the Java server did not start: $(cat server.err)"
    sleep 0.1
  done
  codes=0
  java -Djava.security.properties=strict.security -cp classes MutualTls client "$2" "$2.password" "$2.password" \
    "truststore.$3" "truststore.$3.password" "$port" >client.out 2>client.err || codes=$?
  wait $process && codes="0 $codes" || codes="$? $codes"
  unset 'brokers[-1]'
  is "$codes" "$4" "exit codes of server and client ($(cat server.err client.err))"
}
for server_type in jks p12; do
  for client_type in jks p12; do
    mutual_tls $server_type client-keystore.$client_type $client_type "0 0"
    grep -qxF "peer CN=HiveMQ MQTT Client" server.out || fail "the server saw another peer: $(cat server.out)"
    grep -qxF "heard hello from the client" server.out || fail "the server heard nothing"
  done
done
mutual_tls p12 hivemq-keystore.p12 p12 "1 1"
grep -qi "extended key usage" server.err || fail "refused for another reason: $(cat server.err)"

step "the certificate of a minute has expired: now mosquitto turns it away"
while [ "$(date +%s)" -le "$end" ]; do sleep 1; done
turned_away brief-again $certificate_expired "$brief.chain.pem" "$keys/brief.csr.key"
received client-to-the-end "$client.chain.pem" "$keys/client.csr.key"
