#!/usr/bin/env bash
# The npm package "mqtt" publishes and receives over mutual TLS through ActiveMQ with our stores, with the PEM files that
# the appliance exported; and it is turned away without a certificate, and turns away a broker that it does not know.
#
#   tests/interop/npm-mqtt.sh BIN_DIRECTORY
. "$(dirname "$0")/lib/mqtt.sh" "$@"
. "$interop/lib/activemq.sh"

step "the npm package mqtt"
command -v npm >/dev/null || not_run "there is no npm (Debian: npm)"
if [ ! -e "$fetched/npm/node_modules/mqtt/package.json" ]; then
  mkdir -p "$fetched/npm"
  # npm compares every package with the hash that the registry gives.
  if ! timeout 300 npm install --prefix "$fetched/npm" --no-audit --no-fund mqtt@5.16.0 >"$work/npm.log" 2>&1 </dev/null; then
    tail -n 3 "$work/npm.log"
    not_run "the npm registry could not be reached, or does not have mqtt 5.16.0"
  fi
fi
node -e 'console.log("node " + process.version + ", mqtt " + require(process.argv[1] + "/node_modules/mqtt/package.json").version)' "$fetched/npm"

start_activemq "$stores/hivemq-keystore.jks" "$stores/hivemq-truststore.jks" JKS
talk() { NODE_PATH=$fetched/npm/node_modules timeout 60 node "$interop/npm/talk.js" "$port" "$@" >client.out 2>&1; }

step "mutual TLS"
talk "$issued/ca/root.cert.pem" "$client.chain.pem" "$keys/client.csr.key" || { cat client.out && fail "it was turned away"; }
cat client.out
grep -q "^received hello" client.out || fail "no message came back"

step "turned away"
! talk "$issued/ca/root.cert.pem" || fail "it was let in without a certificate"
grep -qiE "alert bad certificate|alert certificate required" client.out || fail "for another reason: $(cat client.out)"
echo "ok  without a certificate: $(tail -n 1 client.out)"
! talk "$work/stranger-ca.pem" "$client.chain.pem" "$keys/client.csr.key" || fail "it trusts a broker of another CA"
grep -qE "SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY" client.out || fail "for another reason: $(cat client.out)"
echo "ok  a broker whose root it does not have: $(tail -n 1 client.out)"
end_activemq
