#!/usr/bin/env bash
# HiveMQ Community Edition, embedded in a small Java program, reads the config.xml that sealroom-pack wrote, and HiveMQ's
# own client connects with the stores: the two scenarios of HiveMQ's guide (TLS; mutual TLS with REQUIRED), over TCP and
# WebSocket, and what must be turned away. The jars come from Maven Central, once (build/interop/hivemq).
#
#   tests/interop/hivemq.sh BIN_DIRECTORY
. "$(dirname "$0")/lib/mqtt.sh" "$@"

step "HiveMQ Community Edition and HiveMQ's client, from Maven Central"
jars=$fetched/hivemq/jars
if [ ! -e "$fetched/hivemq/complete" ]; then
  command -v mvn >/dev/null || not_run "there is no mvn (Debian: maven)"
  mkdir -p "$fetched/hivemq"
  # --strict-checksums: a jar whose checksum is not the one that Maven Central gives is an error.
  if ! timeout 500 mvn --quiet --batch-mode --strict-checksums -Dmaven.repo.local="$fetched/hivemq/repository" \
    -f "$interop/hivemq/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$jars" >"$work/maven.log" 2>&1 </dev/null; then
    grep -m 3 ERROR "$work/maven.log" || tail -n 3 "$work/maven.log"
    not_run "Maven Central could not be reached, or does not give what hivemq/pom.xml names"
  fi
  touch "$fetched/hivemq/complete"
fi
basename -a "$jars"/hivemq-*.jar "$jars"/netty-handler-*.jar
java -version 2>&1 | head -n 1
mkdir classes
javac -proc:none -cp "$jars/*" -d classes "$interop"/java/Hivemq*.java

# broker [NAME=VALUE...]: HiveMQ with $name/conf/config.xml; what it prints is in $name/out
broker() {
  mkdir -p "$name/data" "$name/extensions"
  mkfifo "$name/in"
  env "$@" java -cp "classes:$jars/*" HivemqBroker "$name/conf" "$name/data" "$name/extensions" <"$name/in" >"$name/out" 2>&1 &
  brokers+=($!)
  exec 8>"$name/in"
  wait_for HiveMQ "$name/out" "^ready" $!
  ! grep -E "Could not read the configuration|^ERROR" "$name/out" || fail "HiveMQ complains"
}
end_broker() {
  exec 8>&-
  wait "${brokers[-1]}" || fail "HiveMQ ended badly"
  unset 'brokers[-1]'
}


# with ID TRANSPORT KEYSTORE|- PASSWORD|-: HiveMQ's client
with() {
  timeout 60 java -cp "classes:$jars/*" HivemqClient "$1" localhost "$port" "$2" "$3" "$4" \
    "${trust:-$stores/client-truststore}.jks" "${trust:-$stores/client-truststore}.password" >client.out 2>client.err
}

# connects ID SUBJECT TRANSPORT KEYSTORE PASSWORD: the message comes back, and HiveMQ saw this subject
connects() {
  local id=$1 subject=$2
  with "$id" "${@:3}" || { cat client.out && fail "$id was turned away"; }
  grep -qxF "received $id" client.out || fail "$id: no message came back"
  grep -qF "client $id certificate $subject" "$name/out" || fail "$id: HiveMQ saw another certificate"
  echo "ok  $(grep -F "client $id " "$name/out")"
}

# turned_away ID WHOSE REASON TRANSPORT KEYSTORE PASSWORD: HiveMQ's log ("broker") or the client ("client") says why
turned_away() {
  local id=$1 whose=$2 reason=$3 before code=0
  before=$(wc -l <"$name/out")
  with "$id" "${@:4}" || code=$?
  is "$code" 1 "exit code of the client $id"
  tail -n +$((before + 1)) "$name/out" >said
  [ "$whose" = broker ] || cp client.out said
  grep -qE "$reason" said || { cat said client.out && fail "$id was turned away, but not for: $reason"; }
  ! grep -qF "client $id " "$name/out" || fail "$id reached HiveMQ"
  echo "ok  turned away: $id ($(grep -oE "$reason" said | head -n 1))"
}

# HiveMQ says why a handshake failed at this level only.
log_handshakes() {
  cat >"$name/conf/logback.xml" <<'END'
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%level %msg %ex{full}%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="out"/></root>
  <logger name="com.hivemq" level="TRACE"/>
</configuration>
END
}

# configure OPTION...: $name/conf/config.xml as sealroom-pack writes it, and nothing else is changed
configure() {
  mkdir -p "$name/conf"
  "$bin/sealroom-pack" hivemq-config --keystore "${keystore:-$stores/hivemq-keystore.jks}" --bind-address 127.0.0.1 --port "$port" \
    --out "$name/conf/config.xml" "$@" >/dev/null
  unzip -p "$jars"/hivemq-community-edition-embedded-*.jar config.xsd >config.xsd
  java "$interop/java/Validate.java" config.xsd "$name/conf/config.xml" || fail "not what HiveMQ's config.xsd describes"
  log_handshakes
}
own=("$stores/client-keystore.jks" "$stores/client-keystore.password")
password=$(cat "$stores/hivemq-keystore.password")

step "the guide's first scenario, TLS; placeholders for the passwords"
name=tls port=$(free_port)
configure
broker "HIVEMQ_KEYSTORE_PASSWORD=$password" "HIVEMQ_PRIVATE_KEY_PASSWORD=$password"
connects TLSClient none tcp - -
trust=$stores/stranger-truststore turned_away DistrustfulClient client "unable to find valid certification path" tcp - -
end_broker

step "the second, mutual TLS with REQUIRED; placeholders for the passwords"
name=mutual port=$(free_port)
configure --truststore "$stores/hivemq-truststore.jks"
broker "HIVEMQ_KEYSTORE_PASSWORD=$password" "HIVEMQ_PRIVATE_KEY_PASSWORD=$password" \
  "HIVEMQ_TRUSTSTORE_PASSWORD=$(cat "$stores/hivemq-truststore.password")"
connects mutualTLSClient "CN=HiveMQ MQTT Client" tcp "${own[@]}"
turned_away nobody broker "Empty client certificate chain" tcp - -
turned_away server-as-client broker "Extended key usage does not permit use for TLS client authentication" \
  tcp "$stores/hivemq-keystore.jks" "$stores/hivemq-keystore.password"
turned_away stranger broker "unable to find valid certification path" \
  tcp "$stores/stranger-keystore.jks" "$stores/stranger-keystore.password"
connects mutualTLSClient2 "CN=HiveMQ MQTT Client" tcp "${own[@]}"
end_broker

step "the same over WebSocket; passwords in the file, with every character that XML and HiveMQ treat in a special way"
name=websocket port=$(free_port)
printf '%s\n' "<a> & \"b\" 'c' \${HOME} \$d \\e ü€" >"$stores/special.password"
chmod 600 "$stores/special.password"
"$bin/sealroom-pack" keystore --cert "$server.cert.pem" --chain "$chain" --key "$keys/broker.csr.key" --alias special \
  --out "$stores/special.jks" --store-password-from "file:$stores/special.password" >/dev/null
keystore=$stores/special.jks configure --truststore "$stores/hivemq-truststore.jks" --listener websocket \
  --store-password-from "file:$stores/special.password" --truststore-password-from "file:$stores/hivemq-truststore.password"
broker
connects WebsocketClient "CN=HiveMQ MQTT Client" websocket "${own[@]}"
turned_away nobody-on-websocket broker "Empty client certificate chain" websocket - -
end_broker

step "the second scenario with PKCS#12 stores, which Java's type JKS reads too unless keystore.type.compat=false"
name=pkcs12 port=$(free_port)
keystore=$stores/hivemq-keystore.p12 configure --truststore "$stores/hivemq-truststore.p12"
broker "HIVEMQ_KEYSTORE_PASSWORD=$password" "HIVEMQ_PRIVATE_KEY_PASSWORD=$password" \
  "HIVEMQ_TRUSTSTORE_PASSWORD=$(cat "$stores/hivemq-truststore.password")"
connects Pkcs12Client "CN=HiveMQ MQTT Client" tcp "$stores/client-keystore.p12" "$stores/client-keystore.password"
end_broker

step "a bundle, its folders put where it says: the broker's config.xml and environment, the client's stores"
name=bundle port=$(free_port)
cat >bundle.yaml <<END
broker:
  certificate: intermediate/server_cert/broker
  key: $keys/broker.csr.key
  host: localhost
  port: $port
  path: $work/etc/hivemq
clients:
  - certificate: intermediate/client_cert/client
    key: $keys/client.csr.key
END
"$bin/sealroom-pack" bundle packed --issued "$issued" --description bundle.yaml >/dev/null
mkdir -p etc && mv packed/broker etc/hivemq && mkdir -p "$name" && cp -r etc/hivemq "$name/conf"
log_handshakes
mapfile -t environment <etc/hivemq/hivemq.env
broker "${environment[@]}"
trust=$work/packed/clients/client/client-truststore connects BundledClient "CN=HiveMQ MQTT Client" tcp \
  packed/clients/client/client-keystore.jks packed/clients/client/client-keystore.password
turned_away nobody-with-a-bundle broker "Empty client certificate chain" tcp - -
end_broker
