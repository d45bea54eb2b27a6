#!/usr/bin/env bash
# ActiveMQ 5.17 (Debian) as a Java MQTT broker that loads our stores, in both formats and with Java's JKS-reads-PKCS#12
# leniency switched off; mosquitto's clients publish and receive over mutual TLS, and three are turned away.
#
#   tests/interop/activemq.sh BIN_DIRECTORY
. "$(dirname "$0")/lib/mqtt.sh" "$@"
. "$interop/lib/activemq.sh"
dpkg-query -W -f '${Package} ${Version}\n' activemq libmqtt-client-java mosquitto-clients openjdk-17-jdk-headless

tls=(-h localhost --cafile "$issued/ca/root.cert.pem")
own=(--cert "$client.chain.pem" --key "$keys/client.csr.key")
publish() { timeout 30 mosquitto_pub "${tls[@]}" -i publisher -p "$port" -q 1 -t mutual/tls -m "$1" "${@:2}"; }

# delivers WHAT: what one client publishes, another one receives
delivers() {
  : >received  # of an earlier message
  timeout 30 stdbuf -oL mosquitto_sub "${tls[@]}" -i subscriber -p "$port" "${own[@]}" -q 1 -t mutual/tls -C 1 -d >received 2>&1 &
  local subscriber=$!
  wait_for "the subscriber" received SUBACK $subscriber
  publish "$1" "${own[@]}" || fail "$1: not published"
  wait $subscriber || fail "$1: not received"
  grep -qxF "$1" received || fail "$1: something else was received"
  echo "ok  published and received: $1"
}

# turned_away WHO REASON OPTION...: and ActiveMQ says why
turned_away() {
  local who=$1 reason=$2 before
  shift 2
  before=$(wc -l <activemq.out)
  ! publish "$who" "$@" >client.out 2>&1 || fail "$who: was let in"
  for _ in $(seq 50); do
    tail -n +$((before + 1)) activemq.out >said
    if grep -qiE "$reason" said; then break; fi
    sleep 0.1
  done
  grep -qiE "$reason" said || { cat said client.out && fail "$who: turned away for another reason than $reason"; }
  echo "ok  turned away: $who ($(grep -ioE "$reason" said | head -n 1))"
}

refusals() {
  turned_away "no certificate" "Empty client certificate chain|null cert chain"
  turned_away "a server's certificate" "Extended key usage does not permit use for TLS client authentication" \
    --cert "$server.chain.pem" --key "$keys/broker.csr.key"
  turned_away "a certificate of another CA" "unable to find valid certification path|No trusted certificate found|Path does not chain" \
    --cert "$work/stranger.pem" --key "$keys/stranger.csr.key"
}

step "JKS, as Java has it by default"
start_activemq "$stores/hivemq-keystore.jks" "$stores/hivemq-truststore.jks" JKS
delivers "JKS"
refusals
delivers "JKS, still"
end_activemq

echo 'keystore.type.compat=false' >strict.security
step "JKS, with keystore.type.compat=false: true JKS only"
start_activemq "$stores/hivemq-keystore.jks" "$stores/hivemq-truststore.jks" JKS -Djava.security.properties="$work/strict.security"
delivers "true JKS"
end_activemq

step "PKCS#12, with keystore.type.compat=false"
start_activemq "$stores/hivemq-keystore.p12" "$stores/hivemq-truststore.p12" PKCS12 -Djava.security.properties="$work/strict.security"
delivers "PKCS#12"
refusals
end_activemq
