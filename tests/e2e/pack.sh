#!/usr/bin/env bash
# sealroom-pack from outside: stores made from openssl's certificates, read by keytool and by a Java TLS server and
# client, and everything that is refused, each time with nothing left behind.
#
#   tests/e2e/pack.sh BIN_DIRECTORY
. "$(dirname "$0")/lib/pack.sh" "$@"

step "help and version"
exits 0 pack --help
says truststore
exits 0 pack --version
says "sealroom-pack "
for command in keystore truststore verify inspect; do
  exits 0 pack $command --help
  says "usage: sealroom-pack $command"
done

step "the broker's keystore, with the alias of the guide"
exits 0 pack "${broker[@]}" --alias "HiveMQ Broker Certificate" --out out/hivemq-keystore.jks "${store[@]}"
says "out/hivemq-keystore.jks: written and read back"
says "JKS (the default), mode 0600"
says "alias  hivemq broker certificate"
says "(for 'HiveMQ Broker Certificate': Java looks aliases up in lower case)"
says "chain  3 certificates"
[ "$(head -c 4 out/hivemq-keystore.jks | od -An -tx1)" = " fe ed fe ed" ] || fail "not JKS"
[ "$(stat -c %a out/hivemq-keystore.jks)" = 600 ] || fail "keystore's mode"

step "the client's keystore: key without password, the chain in one file, an entry password of its own, by fd"
exits 0 pack keystore --type jks --cert pki/client.fullchain.pem --key pki/client.key --alias client --out out/client.jks \
  --store-password-from fd:5 --entry-password-from file:entry-password 5<store-password
says "JKS, mode 0600"

step "a chain in another order, with the leaf in it, is put in order"
exits 0 pack keystore --cert pki/broker.pem --chain pki/shuffled.pem --key pki/broker.key --alias b --out out/ordered.jks \
  --key-password-from file:pki/key-password "${store[@]}"
says "put in order"
rm out/ordered.jks

step "truststores: the root alone, and with the intermediate"
exits 0 pack truststore --entry "Root CA=pki/root.pem" --out out/root.jks "${store[@]}"
says "root alone is right when every peer sends its intermediate"
exits 0 pack truststore --entry root=pki/root.pem --entry intermediate=pki/intermediate.pem --out out/hivemq-truststore.jks "${store[@]}"
says "the intermediate is needed only for peers that send the leaf alone"
[ "$(stat -c %a out/root.jks)" = 644 ] || fail "truststore's mode"
exits 0 pack truststore --entry intermediate=pki/intermediate.pem --out out/intermediate.jks "${store[@]}"
says "without the root"
rm out/intermediate.jks

step "SOURCE_DATE_EPOCH makes a truststore byte for byte the same"
for copy in 1 2; do
  SOURCE_DATE_EPOCH=1795255200 exits 0 pack truststore --entry root=pki/root.pem --out out/same$copy.jks "${store[@]}"
done
cmp out/same1.jks out/same2.jks || fail "two truststores differ"
exits 0 pack inspect out/same1.jks
says "made 2026-11-21T10:00:00Z"
rm out/same?.jks
SOURCE_DATE_EPOCH=tomorrow refuses 2 "SOURCE_DATE_EPOCH 'tomorrow'" pack truststore --entry root=pki/root.pem --out out/n.jks "${store[@]}"

step "generated passwords"
exits 0 pack truststore --entry root=pki/root.pem --out out/g.jks --store-password-from generate:out/g.password
says "store password was made and is in out/g.password"
[ "$(stat -c %a out/g.password)" = 600 ] || fail "mode of a generated password"
grep -qxE '[a-z2-7]{20,}' out/g.password || fail "a generated password is not 20 random characters"
exits 0 pack inspect out/g.jks --store-password-from file:out/g.password
says "integrity verified"
refuses 1 "out/g.password: cannot be created" pack truststore --entry root=pki/root.pem --out out/n.jks \
  --store-password-from generate:out/g.password
rm out/g.*

step "a password from the environment, from a pipe, and typed twice at a terminal without being shown"
NEW_PASSWORD='correct horse battery' exits 0 pack truststore --entry root=pki/root.pem --out out/e.jks --store-password-from env:NEW_PASSWORD
exits 0 pack inspect out/e.jks "${store[@]}"
rm out/e.jks
# at_terminal COMMAND ANSWER...: one answer at each prompt; what the terminal showed is in stdout.
at_terminal() {
  local line answer
  coproc terminal { script -qec "$1" /dev/null 2>&1; }
  local pid=$terminal_PID out=${terminal[0]} in=${terminal[1]} code=0
  exec {reader}<&"$out" {writer}>&"$in"
  shift
  : >stdout
  for answer; do
    IFS= read -r -t 20 -d : -u "$reader" line || fail "no prompt"
    printf '%s:' "$line" >>stdout
    printf '%s' "$answer" >&"$writer"
  done
  timeout 20 cat <&"$reader" >>stdout || true
  exec {reader}<&- {writer}>&-
  wait "$pid" || code=$?
  echo "$code" >code
}
prompted="$bin/sealroom-pack truststore --entry root=pki/root.pem --out out/p.jks"
at_terminal "$prompted" $'correct hoxx\b\brse battery\r' $'wrong\025correct horse battery\r'
[ "$(cat code)" = 0 ] || fail "typed passwords"
says "new store password:"
says "store password again:"
if grep -q horse stdout; then fail "a typed password was shown"; fi
exits 0 pack inspect out/p.jks "${store[@]}"
rm out/p.jks
at_terminal "$prompted" $'correct horse battery\r' $'correct horse batterz\r'
[ "$(cat code)" = 2 ] || fail "passwords typed differently"
says "was not typed alike twice"
at_terminal "$prompted" $'corr\003'
[ "$(cat code)" = 2 ] || fail "a prompt given up"
says "given up"
[ ! -e out/p.jks ] || fail "a store without its password"
refuses 2 "there is no terminal to ask at" setsid -w "$bin/sealroom-pack" truststore --entry root=pki/root.pem --out out/n.jks

step "keytool reads every store"
for name in hivemq-keystore client root hivemq-truststore; do
  exits 0 keytool -list -v -keystore out/$name.jks -storepass:file store-password
  says "Keystore type: JKS"
done
exits 0 keytool -list -keystore out/hivemq-keystore.jks -storepass:file store-password -alias "HiveMQ Broker Certificate"
says PrivateKeyEntry
exits 0 keytool -list -keystore out/root.jks -storepass:file store-password -alias "Root CA"
says trustedCertEntry

step "keytool moves the keys to PKCS#12, and they are the keys that openssl made"
# moved NAME ALIAS KEY_PASSWORD_FILE: the public key that comes out at the other end
moved() {
  keytool -importkeystore -noprompt -srckeystore "out/$1.jks" -srcstorepass:file store-password -srcalias "$2" \
    -srckeypass:file "$3" -destkeystore "$1.p12" -deststoretype PKCS12 -deststorepass:file store-password 2>moved.log ||
    fail "keytool -importkeystore: $(cat moved.log)"
  openssl pkcs12 -in "$1.p12" -passin file:store-password -nocerts -nodes 2>/dev/null | openssl pkey -pubout
}
[ "$(moved hivemq-keystore 'hivemq broker certificate' store-password)" = \
  "$(openssl pkey -in pki/broker.key -passin file:pki/key-password -pubout)" ] || fail "the broker's key changed"
[ "$(moved client client entry-password)" = "$(openssl pkey -in pki/client.key -pubout)" ] || fail "the client's key changed"

step "inspect"
exits 0 pack inspect out/hivemq-keystore.jks
says "integrity not checked"
says "hivemq broker certificate: private key, chain length 3"
says "$(openssl x509 -in pki/broker.pem -noout -fingerprint -sha256 | cut -d= -f2)"
exits 0 pack inspect out/hivemq-truststore.jks --json "${store[@]}"
says '"format":"sealroom-keystore-inspect/1"'
says '"integrity":"verified"'
says '"type":"jks"'
says '"alias":"intermediate"'
says '"warnings":[]'
refuses 1 "wrong store password" pack inspect out/hivemq-truststore.jks --store-password-from file:entry-password
cp hivemq-keystore.p12 out/really-p12.jks
exits 0 pack inspect out/really-p12.jks
says "inspect.pkcs12-named-jks"
says "inspect.not-listed"
exits 0 pack inspect out/really-p12.jks "${store[@]}"
says "hivemq broker certificate: private key, chain length 3"
keytool -importkeystore -noprompt -srckeystore out/client.jks -srcstorepass:file store-password -srckeypass:file entry-password \
  -srcalias client -destkeystore out/mixed.jks -deststoretype JKS -deststorepass:file store-password 2>/dev/null
keytool -importcert -noprompt -alias int -file pki/intermediate.pem -keystore out/mixed.jks -storetype JKS \
  -storepass:file store-password 2>/dev/null
exits 0 pack inspect out/mixed.jks --json
says '"inspect.key-in-truststore"'
keytool -importcert -noprompt -alias old -file pki/expired.pem -keystore out/old.jks -storetype JKS -storepass:file store-password 2>/dev/null
sed 's/\x00\x03old/\x00\x03Old/' out/old.jks >out/dead.jks
exits 0 pack inspect out/dead.jks
says "inspect.expired"
says "inspect.dead-alias"
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=pki/ca.index\nserial=pki/ca.serial\nnew_certs_dir=pki\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' >pki/future.cnf
echo 2A >pki/ca.serial && touch pki/ca.index
openssl ca -batch -notext -config pki/future.cnf -cert pki/root.pem -keyfile pki/root.key -in pki/client.csr -out pki/future.pem \
  -startdate 20990101000000Z -enddate 20991231000000Z 2>/dev/null
# A store as no tool writes it: one alias twice but for case, a certificate of the future, and octets that are none.
openssl x509 -in pki/future.pem -outform der -out pki/future.der
python3 - pki/future.der out/odd.jks <<'END'
import struct, sys
future = open(sys.argv[1], "rb").read()
entries = [(b"old", future), (b"Old", future), (b"rubbish", b"no certificate")]
store = struct.pack(">IIi", 0xFEEDFEED, 2, len(entries))
for alias, octets in entries:
    store += struct.pack(">iH", 2, len(alias)) + alias + struct.pack(">QH", 0, 5) + b"X.509" + struct.pack(">i", len(octets)) + octets
open(sys.argv[2], "wb").write(store + bytes(20))
END
exits 0 pack inspect out/odd.jks
says "inspect.alias-collision"
says "inspect.not-yet-valid"
says "inspect.not-a-certificate"
for warning in alias-collision not-yet-valid not-a-certificate not-listed; do
  exits 0 pack inspect out/hivemq-truststore.jks
  if grep -q "inspect.$warning" stdout; then fail "inspect.$warning without a reason"; fi
done
printf '\xfe\xed\xfe\xed\x00\x00' >out/cut.jks
refuses 1 "cut short" pack inspect out/cut.jks
refuses 1 "is no store" pack inspect pki/root.pem
refuses 1 "out/absent.jks" pack inspect out/absent.jks
rm out/really-p12.jks out/mixed.jks out/old.jks out/dead.jks out/odd.jks out/cut.jks

step "mutual TLS between two Java programs"
echo 'keystore.type.compat=false' >strict.security
# serve OPTION...: starts a server with the broker's keystore; its port is in $port
serve() {
  : >server.out
  java "$@" "$java/MutualTls.java" server out/hivemq-keystore.jks store-password store-password out/hivemq-truststore.jks \
    store-password 0 >server.out 2>server.err &
  server=$!
  for _ in $(seq 300); do
    port=$(sed -n 's/^port //p' server.out)
    [ -z "$port" ] || return 0
    kill -0 $server 2>/dev/null || break
    sleep 0.1
  done
  fail "the server did not start: $(cat server.err)"
}
# server_exits CODE: how the one connection went for the server
server_exits() {
  local code=0
  wait $server || code=$?
  server=
  [ "$code" = "$1" ] || fail "the server's exit code is $code, not $1: $(cat server.out server.err)"
}
client=(out/client.jks store-password entry-password out/root.jks store-password)
for options in "" "-Djava.security.properties=strict.security"; do
  serve $options
  exits 0 java $options "$java/MutualTls.java" client "${client[@]}" "$port"
  says "protocol TLSv1.3"
  says "peer CN=broker,O=Example"
  says "heard hello from the server"
  server_exits 0
  grep -qxF "peer CN=client,O=Example" server.out || fail "the server saw another peer: $(cat server.out)"
  grep -qxF "heard hello from the client" server.out || fail "the server heard nothing"
done
serve
exits 1 java "$java/MutualTls.java" client - - - out/root.jks store-password "$port"
server_exits 1
grep -qi "certificate" server.err || fail "refused for another reason: $(cat server.err)"
serve
exits 1 java "$java/MutualTls.java" client out/hivemq-keystore.jks store-password store-password out/root.jks store-password "$port"
server_exits 1
grep -qi "extended key usage" server.err || fail "refused for another reason: $(cat server.err)"

step "a file that exists is never touched"
refuses 1 "out/root.jks: exists; nothing is overwritten" pack truststore --entry r=pki/root.pem --out out/root.jks "${store[@]}"
ln -s nowhere out/link.jks
refuses 1 "out/link.jks: exists" pack truststore --entry r=pki/root.pem --out out/link.jks "${store[@]}"
refuses 1 "out/client.jks: exists" pack "${broker[@]}" --alias a --out out/client.jks "${store[@]}"
rm out/link.jks

step "what does not go into a keystore"
key=(--alias a --out out/n.jks "${store[@]}")
refuses 1 "pack.key-mismatch: " pack keystore --cert pki/broker.pem --chain pki/ca-chain.pem --key pki/client.key "${key[@]}"
refuses 1 "pack.key-mismatch: " pack keystore --cert pki/broker.pem --chain pki/ca-chain.pem --key pki/client.key --alias a \
  --out out/n.jks --store-password-from generate:out/n.password
refuses 1 "pack.ca-key: " pack keystore --cert pki/intermediate.pem --chain pki/root.pem --key pki/intermediate.key "${key[@]}"
refuses 1 "pack.ca-key: " pack keystore --cert pki/client.pem --chain pki/ca-chain.pem --key pki/intermediate.key "${key[@]}"
refuses 1 "pack.leaf-is-ca: " pack keystore --cert pki/ca-chain.pem --key pki/client.key "${key[@]}"
refuses 1 "pack.chain-incomplete: " pack keystore --cert pki/client.pem --key pki/client.key "${key[@]}"
refuses 1 "pack.chain-incomplete: " pack keystore --cert pki/client.pem --chain pki/intermediate.pem --key pki/client.key "${key[@]}"
refuses 1 "pack.chain-incomplete: " pack keystore --cert pki/client.pem --chain pki/stranger.pem --key pki/client.key "${key[@]}"
refuses 1 "pack.no-tls-purpose: " pack keystore --cert pki/signer.pem --chain pki/ca-chain.pem --key pki/signer.key "${key[@]}"
refuses 1 "pack.expired: " pack keystore --cert pki/expired.pem --chain pki/ca-chain.pem --key pki/expired.key "${key[@]}"
cat pki/client.pem pki/client.key >pki/both.pem
refuses 1 "pack.private-key: pki/both.pem" pack keystore --cert pki/both.pem --chain pki/ca-chain.pem --key pki/client.key "${key[@]}"
refuses 1 "pki/absent.pem: cannot be opened" pack keystore --cert pki/absent.pem --key pki/client.key "${key[@]}"
refuses 1 "pki/root.pem: holds no private key" pack keystore --cert pki/client.pem --key pki/root.pem "${key[@]}"
refuses 1 "pki/root.key" pack keystore --cert pki/root.key --key pki/client.key "${key[@]}"
: >empty.pem
refuses 1 "empty.pem" pack keystore --cert empty.pem --key pki/client.key "${key[@]}"
refuses 1 "pki: is not a regular file" pack keystore --cert pki --key pki/client.key "${key[@]}"

step "what does not go into a truststore"
refuses 1 "pack.private-key: pki/both.pem: holds a private key" pack truststore --entry a=pki/both.pem --out out/n.jks "${store[@]}"
refuses 1 "pack.private-key: " pack truststore --entry root=pki/root.pem --entry k=pki/client.key --out out/n.jks "${store[@]}"
refuses 1 "pack.trust-not-ca: broker: " pack truststore --entry broker=pki/broker.pem --out out/n.jks "${store[@]}"
refuses 1 "holds 2 certificates" pack truststore --entry a=pki/ca-chain.pem --out out/n.jks "${store[@]}"
refuses 2 "alias 'root ca': is used twice" pack truststore --entry "Root CA=pki/root.pem" --entry "root ca=pki/stranger.pem" --out out/n.jks "${store[@]}"

step "passwords that are wrong, weak, or not safe where they are"
refuses 1 "wrong key password" pack keystore --cert pki/broker.pem --chain pki/ca-chain.pem --key pki/broker.key \
  --key-password-from file:store-password "${key[@]}"
trust=(truststore --entry root=pki/root.pem --out out/n.jks)
# try PASSWORD: a truststore with it
try() { printf '%s\n' "$1" >try-password && chmod 600 try-password && pack "${trust[@]}" --store-password-from file:try-password "${@:2}"; }
for password in changeme changeit password short 'elevenchars' 'changemechangeme' 'HiveMQ-password1' '111111111111' 'ababababababab' 'Passw0rd123456'; do
  refuses 2 "store password: is too weak" try "$password"
done
refuses 2 "is too weak: 5 characters, at least 6" try 12345 --allow-weak-password
exits 0 try changeme --allow-weak-password
rm out/n.jks
exits 0 try 'twelve-chars'
rm out/n.jks
exits 0 try 'pässwörd€😀 für Java'
exits 0 keytool -list -keystore out/n.jks -storepass:file try-password
says "1 entry"
rm out/n.jks
refuses 2 "password is not UTF-8" try $'caf\xe9 with some more'
refuses 2 "line break" try $'two lines\nof a password'
refuses 2 "is empty" try ''
cp store-password open-password && chmod 644 open-password
refuses 2 "open-password: is open to others (mode 0644)" pack "${trust[@]}" --store-password-from file:open-password
if [ "$(id -u)" = 0 ]; then
  cp store-password foreign-password && chmod 600 foreign-password && chown 65534 foreign-password
  refuses 2 "foreign-password: belongs to another user" pack "${trust[@]}" --store-password-from file:foreign-password
fi
ln -s store-password linked-password
refuses 2 "linked-password: cannot be opened" pack "${trust[@]}" --store-password-from file:linked-password
refuses 2 "is not a regular file" pack "${trust[@]}" --store-password-from file:pki
refuses 2 "fd 9" pack "${trust[@]}" --store-password-from fd:9
refuses 2 "NOT_THERE is not set" pack "${trust[@]}" --store-password-from env:NOT_THERE
KEY_PASSWORD='the password of the key' refuses 2 "KEY_PASSWORD is not set" pack keystore --cert pki/broker.pem \
  --chain pki/ca-chain.pem --key pki/broker.key --key-password-from env:KEY_PASSWORD --alias a --out out/n.jks \
  --store-password-from env:KEY_PASSWORD # once read, it is gone
refuses 2 "is none of prompt, file:PATH" pack "${trust[@]}" --store-password-from 'correct horse battery'
if grep -q horse stderr; then fail "a password was repeated in an error"; fi
refuses 2 "cannot be generated" pack keystore --cert pki/broker.pem --key pki/broker.key --key-password-from generate:out/x "${key[@]}"

step "the command line"
for option in --store-password --storepass --password -storepass --key-password; do
  refuses 2 "passwords are not taken on the command line" pack "${trust[@]}" $option "correct horse battery"
  refuses 2 "passwords are not taken on the command line" pack "${trust[@]}" "$option=correct horse battery"
  if grep -q horse stderr; then fail "a password was repeated in an error"; fi
done
refuses 2 "is not a type of store" pack "${trust[@]}" --type bks "${store[@]}"
refuses 2 "--alias" pack keystore --cert pki/client.pem --key pki/client.key --out out/n.jks "${store[@]}"
refuses 2 "is not ALIAS=CERT" pack truststore --entry pki/root.pem --out out/n.jks "${store[@]}"
refuses 2 "printable ASCII" pack "${broker[@]}" --alias $'a\nb' --out out/n.jks "${store[@]}"
refuses 2 "printable ASCII" pack "${broker[@]}" --alias "" --out out/n.jks "${store[@]}"
refuses 2 "--no-such" pack "${trust[@]}" --no-such "${store[@]}"
refuses 2 "unrecognised option '--pin'" pack "${trust[@]}" --pin=1234
if grep -q 1234 stderr; then fail "a value was repeated in an error"; fi
refuses 2 "'hocus' is not a command" pack hocus
refuses 2 "a command is missing" pack

step "a full disk and a missing directory leave nothing"
small() { (ulimit -f 1 && pack "$@"); }
refuses 1 "cannot be written" small "${broker[@]}" --alias a --out out/n.jks "${store[@]}"
refuses 1 "cannot be created" pack truststore --entry root=pki/root.pem --out out/absent/n.jks "${store[@]}"

refuses 1 "cannot be created" pack truststore --entry root=pki/root.pem --out out/absent/n.jks --store-password-from generate:out/n.password
# The generated password takes the very name of the store, after the store's absence was checked.
refuses 1 "out/n.jks: exists" pack truststore --entry root=pki/root.pem --out out/n.jks --store-password-from generate:out/n.jks

step "nothing else is left"
[ "$(ls -A out | tr '\n' ' ')" = "client.jks hivemq-keystore.jks hivemq-truststore.jks root.jks " ] || fail "left over: $(ls -A out)"
echo "pack.sh: all good"
