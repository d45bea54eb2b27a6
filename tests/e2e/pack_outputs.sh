#!/usr/bin/env bash
# What sealroom-pack writes for people and their tools: HiveMQ's config.xml, the UMH's values.yaml, base64, and a bundle of
# all of it. Read back by parsers that are not ours; refused where something is wrong, each time with nothing left behind.
. "$(dirname "$0")/lib/session.sh" "$@"

pack() { setsid -w "$bin/sealroom-pack" "$@"; }
listing() { find out -printf '%p %m %s\n' | sort; }

# pack_refuses CODE MESSAGE COMMAND...: the exit code, the message in the programs' style, and nothing new in out/.
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

# mode FILE...: their permissions, in one line
mode() { stat -c %a "$@" | tr '\n' ' '; }

step "an appliance issues for a broker and two clients"
open_home
server_csr "$medium/requests/intermediate/server_cert/broker.csr" localhost
client_csr "$medium/requests/intermediate/client_cert/factoryinput.csr" factoryinput
client_csr "$medium/requests/intermediate/client_cert/kafkabridge.csr" kafkabridge
sealroom process "$medium" >/dev/null
stop_daemon
issued=$(echo "$medium"/issued/*/intermediate/server_cert/broker.cert.pem)
issued=${issued%/intermediate/*}
root=$issued/ca/root.cert.pem
chain=$issued/ca/ca-chain.cert.pem
server=$issued/intermediate/server_cert/broker
client=$issued/intermediate/client_cert
echo 'the password of a key' >key-password
chmod 600 key-password
openssl pkey -in "$keys/kafkabridge.csr.key" -aes256 -passout file:key-password -out "$keys/kafkabridge.key" 2>/dev/null
mkdir out

step "hivemq-config: the guide's listener"
# xml FILE PATH: the texts of the elements there, as Python's parser reads them
xml() { python3 -c 'import sys, xml.etree.ElementTree as E
print("|".join(e.text or "" for e in E.parse(sys.argv[1]).getroot().findall(sys.argv[2])))' "$@"; }
expect_exit 0 pack hivemq-config --keystore /etc/ssl/hivemq-keystore.jks --out out/tls.xml
says "HIVEMQ_KEYSTORE_PASSWORD"
says "sealroom-pack has not run this"
says "mqtt pub -h BROKER -p 8883 -s -i TLSClient"
is "$(mode out/tls.xml)" "644 "
listener=listeners/tls-tcp-listener
is "$(xml out/tls.xml "$listener/name")" secure-listener
is "$(xml out/tls.xml "$listener/port")" 8883
is "$(xml out/tls.xml "$listener/bind-address")" 0.0.0.0
is "$(xml out/tls.xml "$listener/tls/keystore/path")" /etc/ssl/hivemq-keystore.jks
is "$(xml out/tls.xml "$listener/tls/keystore/password")" '${ENV:HIVEMQ_KEYSTORE_PASSWORD}'
is "$(xml out/tls.xml "$listener/tls/keystore/private-key-password")" '${ENV:HIVEMQ_PRIVATE_KEY_PASSWORD}'
is "$(xml out/tls.xml "$listener/tls/client-authentication-mode")" ""
is "$(xml out/tls.xml cluster/enabled)" ""

step "hivemq-config: client authentication REQUIRED, WebSocket, and the cluster's transport"
expect_exit 0 pack hivemq-config --keystore '/opt/a & <b>/"k"$x${y}.jks' --truststore /opt/t.jks --listener websocket \
  --name "it's" --port 8884 --bind-address 127.0.0.1 --cluster 10.0.0.1 --cluster-port 7801 --out out/mutual.xml
says "mqtt pub -h BROKER -p 8884 -s -ws -ws:path /mqtt"
says "--cert CLIENT.chain.pem --key CLIENT.key.pem"
listener=listeners/tls-websocket-listener
is "$(xml out/mutual.xml "$listener/name")" "it's"
is "$(xml out/mutual.xml "$listener/port")" 8884
is "$(xml out/mutual.xml "$listener/path")" /mqtt
is "$(xml out/mutual.xml "$listener/subprotocols/subprotocol")" "mqttv3.1|mqtt"
is "$(xml out/mutual.xml "$listener/tls/keystore/path")" '/opt/a & <b>/"k"$x${y}.jks'
! grep -qF '${y}' out/mutual.xml || fail "HiveMQ would look for a variable y"
is "$(xml out/mutual.xml "$listener/tls/client-authentication-mode")" REQUIRED
is "$(xml out/mutual.xml "$listener/tls/truststore/path")" /opt/t.jks
is "$(xml out/mutual.xml "$listener/tls/truststore/password")" '${ENV:HIVEMQ_TRUSTSTORE_PASSWORD}'
transport=cluster/transport/tcp
is "$(xml out/mutual.xml "$transport/bind-address") $(xml out/mutual.xml "$transport/bind-port")" "10.0.0.1 7801"
is "$(xml out/mutual.xml "$transport/tls/enabled")" true
is "$(xml out/mutual.xml "$transport/tls/server-keystore/path")" '/opt/a & <b>/"k"$x${y}.jks'
is "$(xml out/mutual.xml "$transport/tls/server-certificate-truststore/path")" /opt/t.jks

step "hivemq-config: passwords in the file"
printf '%s\n' "<a> & \"b\" 'c' \${HOME} \\e ü€" >odd-password
echo 'another password' >entry-password
chmod 600 odd-password entry-password
inline=(--store-password-from file:odd-password --truststore-password-from file:entry-password)
expect_exit 0 pack hivemq-config --keystore /k.jks --truststore /t.jks "${inline[@]}" --out out/inline.xml
says "mode 0600: it holds the passwords"
is "$(mode out/inline.xml)" "600 "
tls=listeners/tls-tcp-listener/tls
is "$(xml out/inline.xml $tls/keystore/password)" "$(cat odd-password)"
is "$(xml out/inline.xml $tls/keystore/private-key-password)" "$(cat odd-password)"
is "$(xml out/inline.xml $tls/truststore/password)" "another password"
! grep -qF '${' out/inline.xml || fail "HiveMQ would look for a variable"
expect_exit 0 pack hivemq-config --keystore /k.jks --entry-password-from file:entry-password --store-password-from file:odd-password --out out/entry.xml
is "$(xml out/entry.xml $tls/keystore/private-key-password)" "another password"

step "hivemq-config: what is refused"
config=(pack hivemq-config --keystore /k.jks)
pack_refuses 1 "out/tls.xml: exists" "${config[@]}" --out out/tls.xml
expect_exit 0 "${config[@]}" --out out/tls.xml --force
is "$(xml out/tls.xml listeners/tls-tcp-listener/tls/keystore/path)" /k.jks
pack_refuses 2 "--truststore: is the keystore" "${config[@]}" --truststore /k.jks --out out/n
pack_refuses 2 "--cluster: needs --truststore" "${config[@]}" --cluster 10.0.0.1 --out out/n
pack_refuses 2 "neither tcp nor websocket" "${config[@]}" --listener udp --out out/n
for port in 0 65536 8883x -1; do pack_refuses 2 "is not a port" "${config[@]}" "--port=$port" --out out/n; done
pack_refuses 2 "is not a port" "${config[@]}" --cluster-port 70000 --out out/n
pack_refuses 2 "not printable ASCII" "${config[@]}" --name $'a\nb' --out out/n
pack_refuses 2 "for some of the stores only" "${config[@]}" --truststore /t.jks --store-password-from file:odd-password --out out/n
pack_refuses 2 "for some of the stores only" "${config[@]}" --truststore-password-from file:odd-password --out out/n
pack_refuses 2 "for some of the stores only" "${config[@]}" --entry-password-from file:odd-password --out out/n
pack_refuses 2 "cannot be generated" "${config[@]}" --store-password-from generate:out/p --out out/n
pack_refuses 2 "passwords are not taken on the command line" "${config[@]}" --password=changeme --out out/n
# refused_password OCTETS MESSAGE
refused_password() {
  printf '%b\n' "$1" >bad-password && chmod 600 bad-password
  pack_refuses 2 "$2" "${config[@]}" --store-password-from file:bad-password --out out/n
}
refused_password ' begins with a blank' "begins or ends with a blank"
refused_password 'caf\xe9' "is not UTF-8"
refused_password 'a\x01b' "cannot be printed"
refused_password 'a\xe2\x80\xa8b' "cannot be printed"
pack_refuses 1 "cannot be created" "${config[@]}" --out out/absent/c.xml
(ulimit -f 1 && pack_refuses 1 "cannot be written" "${config[@]}" --truststore /t.jks --cluster 10.0.0.1 --out out/n) || fail "a full disk"

step "base64, as openssl base64 -A writes it"
mkdir -p out/pki/deeper
cp "$server.cert.pem" out/pki/broker-cert.pem && cp "$keys/broker.csr.key" out/pki/deeper/broker-key.pem
cp "$chain" "out/pki/not a pem.txt" && ln -s ../pki/broker-cert.pem out/pki/link.pem
for size in 1 2 3 47 48 49 100000; do head -c $size /dev/urandom >out/r$size; done
expect_exit 0 pack base64 out/r* out/pki
for file in out/r1 out/r2 out/r3 out/r47 out/r48 out/r49 out/r100000 out/pki/broker-cert.pem out/pki/deeper/broker-key.pem; do
  openssl base64 -A -in $file | cmp - $file.b64 || fail "$file.b64 differs from openssl's"
  is "$(mode $file.b64)" "600 "
done
is "$(find out/pki -name '*.b64' | wc -l)" 2 "files encoded in the folder"
pack_refuses 1 "out/r1.b64: exists" pack base64 out/r1
expect_exit 0 pack base64 --force out/r1
pack_refuses 1 "exists" pack base64 "out/pki/not a pem.txt" out/pki # nothing, not even the first
pack_refuses 2 "out/pki/deeper/broker-key.pem: is named twice" pack base64 --force out/pki/deeper out/pki/deeper/broker-key.pem
mkdir empty && pack_refuses 1 "empty: holds no *.pem" pack base64 empty
pack_refuses 1 "out/absent: cannot be opened" pack base64 out/absent
: >out/nothing && pack_refuses 1 "has 0 octets" pack base64 out/nothing
head -c 1048577 /dev/zero >out/large && pack_refuses 1 "has 1048577 octets" pack base64 out/large
# More files than descriptors; and one that cannot be encoded, after others that can.
mkdir out/many && for number in $(seq 101 200); do echo "$number" >out/many/$number.pem; done
: >out/many/999.pem && pack_refuses 1 "999.pem: has 0 octets" pack base64 out/many
rm out/many/999.pem
(ulimit -n 64 && expect_exit 0 pack base64 out/many) || fail "more files than descriptors"
is "$(find out/many -name '*.b64' | wc -l)" 100 "files encoded"
is "$(openssl base64 -d -A -in out/many/200.pem.b64)" 200
pack_refuses 2 "file" pack base64
rm -rf out/*

step "umh-values, as a YAML parser reads them"
# yaml FILE EXPRESSION
yaml() { python3 -c 'import base64, sys, yaml
tls = yaml.safe_load(open(sys.argv[1]))["_000_commonConfig"]["infrastructure"]["mqtt"]["tls"]
value = eval(sys.argv[2])
sys.stdout.write(value if isinstance(value, str) else repr(value))' "$@"; }
# stores TYPE: with passwords that YAML would take for something else
printf '%s\n' '"yes": #\ {not} 0x10 ü' >trust-password && chmod 600 trust-password
make_stores() {
  pack keystore --cert "$server.cert.pem" --chain "$chain" --key "$keys/broker.csr.key" --alias hivemq --type "$1" \
    --out "k.$1" --store-password-from generate:"k.$1.password" >/dev/null
  pack truststore --entry "root=$root" --type "$1" --out "t.$1" --store-password-from "file:$2" >/dev/null
}
make_stores jks trust-password
make_stores pkcs12 entry-password
umh=(pack umh-values --keystore k.jks --store-password-from file:k.jks.password --truststore t.jks --truststore-password-from file:trust-password)
expect_exit 0 "${umh[@]}" --service "factoryinput=$client/factoryinput.chain.pem,$keys/factoryinput.csr.key" \
  --service "kafkabridge=$client/kafkabridge.chain.pem,$keys/kafkabridge.key" --key-password-from file:key-password --out out/values.yaml
says "mode 0600"
is "$(mode out/values.yaml)" "600 "
yaml out/values.yaml 'tls["keystoreBase64"]' | openssl base64 -d -A | cmp - k.jks || fail "the keystore changed"
yaml out/values.yaml 'tls["truststoreBase64"]' | openssl base64 -d -A | cmp - t.jks || fail "the truststore changed"
is "$(yaml out/values.yaml 'tls["keystorePassword"]')" "$(cat k.jks.password)"
is "$(yaml out/values.yaml 'tls["truststorePassword"]')" "$(cat trust-password)"
is "$(yaml out/values.yaml 'sorted(tls)')" "['factoryinput', 'kafkabridge', 'keystoreBase64', 'keystorePassword', 'truststoreBase64', 'truststorePassword']"
for service in factoryinput kafkabridge; do
  yaml out/values.yaml "tls['$service']['cert']" | openssl base64 -d -A | cmp - $client/$service.chain.pem || fail "a certificate changed"
  yaml out/values.yaml "tls['$service']['key']" | openssl base64 -d -A >service.key
  openssl pkey -in "$keys/$service.csr.key" | cmp - service.key || fail "a key is not as openssl writes it, open"
done
# Whatever the file has, DER, another order, the root: the chart gets PEM, the leaf first, and what TLS peers show.
openssl x509 -in "$client/factoryinput.cert.pem" -outform DER -out factoryinput.der
openssl x509 -in "$chain" -out intermediate.pem
cat "$client/factoryinput.cert.pem" "$root" intermediate.pem >disorder.pem
expect_exit 0 pack truststore --entry "root=$root" --entry "intermediate=intermediate.pem" --out both.jks --store-password-from generate:both.password
for certificates in factoryinput.der disorder.pem; do
  expect_exit 0 pack umh-values --keystore k.jks --store-password-from file:k.jks.password --truststore both.jks \
    --truststore-password-from file:both.password --service "factoryinput=$certificates,$keys/factoryinput.csr.key" --out out/certificates.yaml --force
  yaml out/certificates.yaml "tls['factoryinput']['cert']" | openssl base64 -d -A | cmp - "$client/factoryinput.chain.pem" || fail "$certificates became another chain"
done
expect_exit 0 pack umh-values --keystore k.pkcs12 --store-password-from file:k.pkcs12.password --truststore t.pkcs12 \
  --truststore-password-from file:entry-password --out out/pkcs12.yaml
yaml out/pkcs12.yaml 'tls["keystoreBase64"]' | openssl base64 -d -A | cmp - k.pkcs12

step "umh-values: what is refused"
service=(--service "a=$client/factoryinput.chain.pem,$keys/factoryinput.csr.key" --out out/n)
pack_refuses 1 "out/values.yaml: exists" "${umh[@]}" --out out/values.yaml
expect_exit 0 "${umh[@]}" --force --out out/values.yaml
pack_refuses 1 "pack.not-a-keystore: t.jks: holds 0 private keys" pack umh-values --keystore t.jks --store-password-from file:trust-password \
  --truststore t.jks --truststore-password-from file:trust-password --out out/n
pack_refuses 1 "pack.not-a-truststore: k.jks: holds a private key" pack umh-values --keystore k.jks --store-password-from file:k.jks.password \
  --truststore k.jks --truststore-password-from file:k.jks.password --out out/n
pack_refuses 1 "wrong store password" pack umh-values --keystore k.jks --store-password-from file:trust-password \
  --truststore t.jks --truststore-password-from file:trust-password --out out/n
pack_refuses 1 "wrong" pack umh-values --keystore k.pkcs12 --store-password-from file:entry-password \
  --truststore t.jks --truststore-password-from file:trust-password --out out/n
pack_refuses 1 "pack.key-mismatch: a: " "${umh[@]}" --service "a=$client/factoryinput.chain.pem,$keys/broker.csr.key" --out out/n
pack_refuses 1 "pack.not-for-client: a: " "${umh[@]}" --service "a=$server.chain.pem,$keys/broker.csr.key" --out out/n
pack_refuses 1 "pack.chain-incomplete: a: " "${umh[@]}" --service "a=$client/factoryinput.cert.pem,$keys/factoryinput.csr.key" --out out/n
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$keys/stranger-ca.key" -days 30 \
  -subj "/CN=Another CA" -addext "keyUsage=critical,keyCertSign" -out stranger-ca.pem 2>/dev/null
client_csr stranger.csr "a stranger"
openssl x509 -req -in stranger.csr -CA stranger-ca.pem -CAkey "$keys/stranger-ca.key" -days 20 \
  -extfile <(echo "extendedKeyUsage=clientAuth") -out stranger.pem 2>/dev/null
cat stranger.pem stranger-ca.pem >stranger.fullchain.pem
pack_refuses 1 "pack.not-trusted: a: " "${umh[@]}" --service "a=stranger.fullchain.pem,$keys/stranger.csr.key" --out out/n
pack_refuses 1 "wrong key password" "${umh[@]}" --service "a=$client/kafkabridge.chain.pem,$keys/kafkabridge.key" \
  --key-password-from file:trust-password --out out/n
both=(--service "a=$client/factoryinput.chain.pem,$keys/factoryinput.csr.key")
expect_exit 0 "${umh[@]}" "${both[@]}" --out out/one
pack_refuses 1 "pack.key-shared: b: has the same key as a, " "${umh[@]}" "${both[@]}" \
  --service "b=$client/factoryinput.chain.pem,$keys/factoryinput.csr.key" --out out/n
pack_refuses 1 "pack.key-shared: a: has the same key as the keystore, " "${umh[@]}" --service "a=$server.chain.pem,$keys/broker.csr.key" --out out/n
pack keystore --cert "$server.cert.pem" --chain "$chain" --key "$keys/broker.csr.key" --alias hivemq --out two.jks \
  --store-password-from file:k.jks.password --entry-password-from generate:two.password >/dev/null
pack_refuses 1 "pack.entry-password: two.jks: " pack umh-values --keystore two.jks --store-password-from file:k.jks.password \
  --truststore t.jks --truststore-password-from file:trust-password --out out/n
pack_refuses 2 "is not NAME=CERT,KEY" "${umh[@]}" --service factoryinput --out out/n
pack_refuses 2 "is not NAME=CERT,KEY" "${umh[@]}" --service a=b, --out out/n
pack_refuses 2 "is not the name of a service" "${umh[@]}" --service keystoreBase64=b,c --out out/n
pack_refuses 2 "is not the name of a service" "${umh[@]}" --service "0=b,c" --out out/n
pack_refuses 2 "--service a: is given twice" "${umh[@]}" --service a=b,c "${service[@]}"
pack_refuses 1 "absent: cannot be opened" pack umh-values --keystore absent --truststore t.jks --out out/n
rm -rf out/*

step "bundle: one broker and two clients, in one command"
mkdir -p desk/keys
cp "$keys/broker.csr.key" desk/keys/broker.key.pem && cp "$keys/factoryinput.csr.key" desk/keys/factoryinput.key.pem
cp "$keys/kafkabridge.key" desk/keys/kafkabridge.key.pem && cp key-password desk/keys/kafkabridge.password
chmod 600 desk/keys/*
cat >desk/hivemq.yaml <<'END'
broker:
  certificate: intermediate/server_cert/broker
  key: keys/broker.key.pem
  alias: HiveMQ Broker Certificate
  host: broker1.hivemq.com
  path: /etc/ssl/hivemq
clients:
  - certificate: intermediate/client_cert/factoryinput
    key: keys/factoryinput.key.pem
  - name: bridge
    certificate: intermediate/client_cert/kafkabridge
    key: keys/kafkabridge.key.pem
    key-password-from: file:keys/kafkabridge.password
END
bundle=(pack bundle out/bundle --issued "$issued" --description desk/hivemq.yaml)
expect_exit 0 "${bundle[@]}" --umh-values
is "$(cd out/bundle && find . -type f -printf '%m %P\n' | sort -k 2)" "644 README.md
644 broker/README.md
644 broker/chain.pem
644 broker/config.xml
600 broker/hivemq-keystore.jks
600 broker/hivemq-keystore.password
644 broker/hivemq-truststore.jks
600 broker/hivemq-truststore.password
600 broker/hivemq.env
644 broker/trusted.pem
644 broker/trusted/root.pem
644 clients/bridge/README.md
600 clients/bridge/bridge-keystore.jks
600 clients/bridge/bridge-keystore.password
644 clients/bridge/bridge-truststore.jks
600 clients/bridge/bridge-truststore.password
644 clients/bridge/chain.pem
644 clients/bridge/trusted.pem
644 clients/bridge/trusted/root.pem
644 clients/factoryinput/README.md
644 clients/factoryinput/chain.pem
600 clients/factoryinput/factoryinput-keystore.jks
600 clients/factoryinput/factoryinput-keystore.password
644 clients/factoryinput/factoryinput-truststore.jks
600 clients/factoryinput/factoryinput-truststore.password
644 clients/factoryinput/trusted.pem
644 clients/factoryinput/trusted/root.pem
600 umh/values.yaml"
is "$(find out/bundle -type d -printf '%m\n' | sort -u)" 700 "modes of the folders"
cmp out/bundle/broker/chain.pem "$server.chain.pem"
cmp out/bundle/clients/bridge/chain.pem "$client/kafkabridge.chain.pem"
cmp out/bundle/broker/trusted.pem "$root"
is "$(xml out/bundle/broker/config.xml listeners/tls-tcp-listener/tls/keystore/path)" /etc/ssl/hivemq/hivemq-keystore.jks
is "$(xml out/bundle/broker/config.xml listeners/tls-tcp-listener/tls/client-authentication-mode)" REQUIRED
(. out/bundle/broker/hivemq.env && [ "$HIVEMQ_KEYSTORE_PASSWORD" = "$(cat out/bundle/broker/hivemq-keystore.password)" ] &&
  [ "$HIVEMQ_PRIVATE_KEY_PASSWORD" = "$HIVEMQ_KEYSTORE_PASSWORD" ] &&
  [ "$HIVEMQ_TRUSTSTORE_PASSWORD" = "$(cat out/bundle/broker/hivemq-truststore.password)" ]) || fail "hivemq.env"
grep -qF "mqtt pub -h broker1.hivemq.com -p 8883 -s" out/bundle/clients/bridge/README.md || fail "no line to try"

step "bundle: each folder holds its own key and no other"
# The keys in a folder, by their public halves: in stores (keytool opens them) and in anything that is PEM.
keys_in() {
  local store
  for store in "$1"/*-keystore.jks; do
    keytool -importkeystore -noprompt -srckeystore "$store" -srcstorepass:file "${store%.jks}.password" -destkeystore moved.p12 \
      -deststoretype PKCS12 -deststorepass:file "${store%.jks}.password" 2>keytool.log || fail "$(cat keytool.log)"
    openssl pkcs12 -in moved.p12 -passin "file:${store%.jks}.password" -nocerts -nodes 2>/dev/null | openssl pkey -pubout
    rm moved.p12
  done
  ! grep -rlF "PRIVATE KEY" "$1" || fail "an open key in $1"
}
is "$(keys_in out/bundle/broker)" "$(openssl pkey -in "$keys/broker.csr.key" -pubout)"
is "$(keys_in out/bundle/clients/bridge)" "$(openssl pkey -in "$keys/kafkabridge.csr.key" -pubout)"
is "$(keys_in out/bundle/clients/factoryinput)" "$(openssl pkey -in "$keys/factoryinput.csr.key" -pubout)"
for folder in broker clients/bridge clients/factoryinput; do
  for store in out/bundle/$folder/*-truststore.jks; do
    expect_exit 0 pack inspect "$store" --json --store-password-from "file:${store%.jks}.password"
    is "$(look '[[e["alias"] for e in d["entries"]], d["warnings"]]' <stdout)" '[["root"], []]'
  done
done

step "bundle: PKCS#12, intermediates, a listener over WebSocket, a cluster; a broker without clients"
sed -e 's|^  path:.*|&\n  listener: websocket\n  port: 8884\n  cluster: "10.0.0.1"|' desk/hivemq.yaml >desk/cluster.yaml
expect_exit 0 pack bundle out/cluster/ --issued "$issued" --description desk/cluster.yaml --type pkcs12 --with-intermediates
expect_exit 0 keytool -list -keystore out/cluster/broker/hivemq-truststore.p12 -storepass:file out/cluster/broker/hivemq-truststore.password
says "2 entries"
is "$(xml out/cluster/broker/config.xml listeners/tls-websocket-listener/port)" 8884
is "$(xml out/cluster/broker/config.xml cluster/transport/tcp/bind-address)" 10.0.0.1
[ ! -e out/cluster/umh ] || fail "values that nobody asked for"
sed '/^clients/,$d' desk/hivemq.yaml >desk/alone.yaml
expect_exit 0 pack bundle out/alone --issued "$issued" --description desk/alone.yaml
is "$(xml out/alone/broker/config.xml listeners/tls-tcp-listener/tls/client-authentication-mode)" ""
[ ! -e out/alone/broker/hivemq-truststore.jks ] || fail "a truststore of nobody"

step "bundle: what is refused, with every reason, and nothing is left"
pack_refuses 1 "out/bundle: exists" "${bundle[@]}"
bundle=(pack bundle out/n --issued "$issued" --description desk/bad.yaml)
# description_refused CODE MESSAGE SED_EXPRESSION
description_refused() {
  sed -E "$3" desk/hivemq.yaml >desk/bad.yaml
  ! cmp -s desk/hivemq.yaml desk/bad.yaml || fail "the description is the same: $3"
  pack_refuses "$1" "$2" "${bundle[@]}" "${@:4}"
}
description_refused 1 "pack.key-mismatch: broker: " 's|keys/broker.key.pem|keys/factoryinput.key.pem|'
description_refused 1 "pack.not-for-client: bridge: " 's|client_cert/kafkabridge|server_cert/broker|; s|keys/kafkabridge.key.pem|keys/broker.key.pem|'
description_refused 1 "pack.not-for-server: broker: " 's|server_cert/broker|client_cert/factoryinput|; s|keys/broker.key.pem|keys/factoryinput.key.pem|'
# One key, in one file or in two: the broker's, and that of a client of another CA.
openssl req -new -key "$keys/broker.csr.key" -subj "/CN=twin" -out twin.csr
openssl x509 -req -in twin.csr -CA stranger-ca.pem -CAkey "$keys/stranger-ca.key" -days 20 \
  -extfile <(echo "extendedKeyUsage=clientAuth") -out twin.pem 2>/dev/null
mkdir shared && cp -r "$issued" shared/batch && cat twin.pem stranger-ca.pem >shared/batch/intermediate/client_cert/twin.fullchain.pem
bundle=(pack bundle out/n --issued shared/batch --description desk/bad.yaml)
description_refused 1 "pack.key-shared: bridge: has the same key as broker, " 's|client_cert/kafkabridge|client_cert/twin|; s|keys/kafkabridge.key.pem|keys/broker.key.pem|'
cp desk/keys/broker.key.pem desk/keys/twin.key.pem && chmod 600 desk/keys/twin.key.pem
description_refused 1 "pack.key-shared: bridge: has the same key as broker, " 's|client_cert/kafkabridge|client_cert/twin|; s|keys/kafkabridge.key.pem|keys/twin.key.pem|'
bundle=(pack bundle out/n --issued "$issued" --description desk/bad.yaml)
sed -E 's|keys/broker.key.pem|keys/factoryinput.key.pem|; s|client_cert/kafkabridge|client_cert/factoryinput|' desk/hivemq.yaml >desk/bad.yaml
pack_refuses 1 "pack.key-mismatch: bridge: " "${bundle[@]}"
complains "pack.key-mismatch: broker: "
description_refused 1 "broker: " 's|server_cert/broker|server_cert/absent|'
description_refused 1 "absent.fullchain.pem: cannot be opened" 's|server_cert/broker|server_cert/absent|'
description_refused 1 "desk/keys/absent.pem: cannot be opened" 's|keys/broker.key.pem|keys/absent.pem|'
cp trust-password desk/keys/wrong.password
description_refused 1 "wrong key password" 's|kafkabridge.password|wrong.password|'
description_refused 2 "bad.yaml:1: unknown key browser" 's|^broker|browser|'
description_refused 2 "bad.yaml:10: the name 'factoryinput' is used twice" 's|name: bridge|name: factoryinput|'
description_refused 2 "cannot be used" 's|name: bridge|name: ../bridge|'
description_refused 2 "bad.yaml:6: " 's|^  path:|  pathe:|'
description_refused 2 "is not absolute" 's|path: /|path: |'
description_refused 2 "listener must be tcp or websocket" 's|^  path:|  listener: udp\n&|'
description_refused 2 "port must be" 's|^  path:|  port: 65536\n&|'
description_refused 2 "role must be broker or member" 's|^  path:|  role: client\n&|'
description_refused 1 "pack.not-for-client: broker: " 's|^  path:|  role: member\n&|'
description_refused 2 "is none of prompt, file:PATH" 's|file:keys/kafkabridge.password|changeme|'
! grep -q changeme stderr || fail "a password was repeated in an error"
cp desk/alone.yaml desk/bad.yaml
pack_refuses 2 "there are no clients" "${bundle[@]}" --umh-values
pack_refuses 2 "is not a type of store" "${bundle[@]}" --type bks
pack_refuses 1 "desk/absent.yaml: cannot be opened" pack bundle out/n --issued "$issued" --description desk/absent.yaml
pack_refuses 1 "cannot be created" pack bundle out/absent/n --issued "$issued" --description desk/hivemq.yaml
bundle=(pack bundle out/n --issued "$issued" --description desk/hivemq.yaml)
ln -s nowhere out/n.partial
pack_refuses 1 "out/n.partial: " "${bundle[@]}"
rm out/n.partial && touch out/n.partial
pack_refuses 1 "out/n.partial: " "${bundle[@]}"
rm out/n.partial
(ulimit -f 1 && pack_refuses 1 "cannot be written" "${bundle[@]}") || fail "a full disk"

step "bundle: interrupted at any moment, it is there whole or not at all"
# interrupted SIGNAL DELAY: the process gets the signal so long after its start
interrupted() {
  local process code=0
  "$bin/sealroom-pack" bundle out/n --issued "$issued" --description desk/hivemq.yaml --type pkcs12 --umh-values >/dev/null 2>interrupted.err &
  process=$!
  sleep "$2"
  kill "-$1" $process 2>/dev/null || true
  wait $process 2>/dev/null || code=$?
  if [ -e out/n ]; then
    whole=$((whole + 1))
    is "$(find out/n -type f | wc -l)" 28 "files"
    rm -r out/n
  else
    gone=$((gone + 1))
    [ "$code" != 0 ] || fail "it says that it was done"
  fi
}
whole=0 gone=0
for delay in 0.02 0.1 0.3 0.6 3; do
  interrupted TERM $delay
  [ ! -e out/n.partial ] || fail "something is left after SIGTERM"
done
for delay in 0.02 0.1 0.3 0.6; do interrupted KILL $delay; done
[ "$gone" -gt 0 ] || fail "nothing was interrupted"
# What a killed one left is replaced by the next, unless that one is being written.
rm -rf out/n.partial && mkdir -m 700 out/n.partial && echo mine >out/n.partial/file
pack_refuses 1 "out/n.partial: is in the way: holds what is not" "${bundle[@]}"
touch out/n.partial/sealroom-pack-partial
chmod 777 out/n.partial
pack_refuses 1 "out/n.partial: is in the way: belongs to somebody else" "${bundle[@]}"
chmod 700 out/n.partial
if [ "$(id -u)" = 0 ]; then
  chown 1 out/n.partial
  pack_refuses 1 "out/n.partial: is in the way: belongs to somebody else" "${bundle[@]}"
  chown 0 out/n.partial
fi
is "$(cat out/n.partial/file)" mine
mkdir out/n.partial/rubbish
exec 5<out/n.partial
flock 5
pack_refuses 1 "is being written by another process" "${bundle[@]}"
exec 5<&-
expect_exit 0 "${bundle[@]}"
[ ! -e out/n/rubbish ] && [ ! -e out/n.partial ] || fail "what a killed one left is still there"
