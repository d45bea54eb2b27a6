#!/usr/bin/env bash
# sealroom-pack's two formats from outside: PKCS#12 beside JKS, roles, pinned peers, keys in every form, what inspect warns
# of, truststores that are changed, and what is left when a disk is full or the process is killed.
#
#   tests/e2e/pack_stores.sh BIN_DIRECTORY
. "$(dirname "$0")/lib/pack.sh" "$@"

client=(keystore --cert pki/client.pem --chain pki/ca-chain.pem --alias Client)

step "PKCS#12 keystores and truststores, read by keytool and by openssl"
exits 0 pack "${broker[@]}" --type pkcs12 --alias "HiveMQ Broker" --out out/broker.p12 "${store[@]}"
says "type   PKCS#12, mode 0600"
says "role   broker"
says "alias  hivemq broker"
exits 0 pack truststore --type pkcs12 --entry "Root CA=pki/root.pem" --entry intermediate=pki/intermediate.pem \
  --out out/trust.p12 "${store[@]}"
says "type   PKCS#12, mode 0644, no private key"
exits 0 keytool -list -v -keystore out/broker.p12 -storetype PKCS12 -storepass:file store-password
says "Alias name: hivemq broker"
says "Entry type: PrivateKeyEntry"
says "Certificate chain length: 3"
exits 0 keytool -list -keystore out/trust.p12 -storetype PKCS12 -storepass:file store-password
says "Your keystore contains 2 entries"
says "root ca, "
says "trustedCertEntry"
exits 0 keytool -exportcert -rfc -keystore out/trust.p12 -storetype PKCS12 -storepass:file store-password -alias "Root CA"
[ "$(openssl x509 -in stdout -outform der | sha256sum)" = "$(openssl x509 -in pki/root.pem -outform der | sha256sum)" ] ||
  fail "the root changed"
exits 0 openssl pkcs12 -in out/broker.p12 -passin file:store-password -info -noout
complains "MAC: sha256, Iteration 600000"
complains "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256"
exits 0 openssl pkcs12 -in out/trust.p12 -passin file:store-password -info -noout
complains "MAC: sha256, Iteration 10000"
openssl pkcs12 -in out/broker.p12 -passin file:store-password -nocerts -nodes 2>/dev/null | openssl pkey -pubout >public
openssl pkey -in pki/broker.key -passin file:pki/key-password -pubout | cmp - public || fail "the broker's key changed"
exits 0 keytool -importkeystore -noprompt -srckeystore out/broker.p12 -srcstoretype PKCS12 -srcstorepass:file store-password \
  -destkeystore back.jks -deststoretype JKS -deststorepass:file store-password
exits 0 pack inspect back.jks "${store[@]}"
says "hivemq broker: private key, chain length 3"
exits 0 pack inspect out/broker.p12 --json "${store[@]}"
says '"type":"pkcs12"'
says '"role":"broker keystore"'
says '"integrity":"verified"'
says '"warnings":[]'

step "verify compares a store with what it was made of"
exits 0 pack verify out/trust.p12 --entry "Root CA=pki/root.pem" --entry intermediate=pki/intermediate.pem "${store[@]}"
says "out/trust.p12: PKCS#12, holds what was meant, octet for octet"
refuses 1 "the number of entries is not what was meant" pack verify out/trust.p12 --entry "Root CA=pki/root.pem" "${store[@]}"
refuses 1 "entry root ca is not what was meant" pack verify out/trust.p12 --entry "Root CA=pki/stranger.pem" \
  --entry intermediate=pki/intermediate.pem "${store[@]}"
exits 0 pack verify out/broker.p12 "${broker[@]:1}" --alias "HiveMQ Broker" "${store[@]}"
refuses 1 "the entry's alias is not what was meant" pack verify out/broker.p12 "${broker[@]:1}" --alias other "${store[@]}"
refuses 1 "the chain is not what was meant" pack verify out/broker.p12 --cert pki/client.pem --chain pki/ca-chain.pem \
  --key pki/client.key --alias "HiveMQ Broker" "${store[@]}"
refuses 1 "wrong store password" pack verify out/broker.p12 "${broker[@]:1}" --alias a --store-password-from file:entry-password
refuses 2 "--cert: is missing" pack verify out/broker.p12 "${store[@]}"
refuses 1 "out/absent.p12: cannot be opened" pack verify out/absent.p12 "${broker[@]:1}" --alias a "${store[@]}"

step "SOURCE_DATE_EPOCH makes PKCS#12 truststores byte for byte the same, too"
for copy in 1 2; do
  SOURCE_DATE_EPOCH=1795255200 exits 0 pack truststore --type pkcs12 --entry root=pki/root.pem --out out/same$copy.p12 "${store[@]}"
done
cmp out/same1.p12 out/same2.p12 || fail "two truststores differ"
exits 0 keytool -list -keystore out/same1.p12 -storepass:file store-password
says "1 entry"
rm out/same?.p12

step "what PKCS#12 cannot do is refused with the reason"
refuses 2 "a PKCS#12 store has one password" pack "${client[@]}" --key pki/client.key --type pkcs12 --out out/n.p12 \
  --entry-password-from file:entry-password "${store[@]}"
echo 'pässwörd für Java' >unicode-password && chmod 600 unicode-password
refuses 2 "Java opens no PKCS#12 store with such a one" pack "${client[@]}" --key pki/client.key --type pkcs12 --out out/n.p12 \
  --store-password-from file:unicode-password
# What others wrote with such a password is read all the same.
openssl pkcs12 -export -in pki/client.pem -inkey pki/client.key -certfile pki/ca-chain.pem -name client -out unicode.p12 \
  -passout file:unicode-password
exits 0 pack inspect unicode.p12 --store-password-from file:unicode-password
says "client: private key, chain length 3"

step "keys: PKCS#8 and older PEM, DER, encrypted or not, PKCS#12, JKS"
openssl pkey -in pki/client.key -outform DER -out pki/client.der
openssl pkcs8 -topk8 -in pki/client.key -outform DER -out pki/client.covered.der -passout file:pki/key-password
openssl pkey -in pki/client.key -traditional -out pki/client.old.pem
openssl ec -in pki/client.key -aes256 -passout file:pki/key-password -out pki/client.old.covered.pem 2>/dev/null
openssl pkcs12 -export -in pki/client.pem -inkey pki/client.key -out pki/client.p12 -passout file:pki/key-password
exits 0 pack "${client[@]}" --key pki/client.key --out pki/client.jks --store-password-from file:pki/key-password
says "role   client"
chmod 600 pki/client.*
for key in client.der client.covered.der client.old.pem client.old.covered.pem client.p12 client.jks; do
  exits 0 pack "${client[@]}" --key pki/$key --key-password-from file:pki/key-password --out out/k.jks "${store[@]}"
  rm out/k.jks
done
for key in client.covered.der client.old.covered.pem client.p12; do
  refuses 1 "pki/$key: " pack "${client[@]}" --key pki/$key --key-password-from file:store-password --out out/n.jks "${store[@]}"
  complains "wrong"
done
openssl genpkey -algorithm ED25519 -out pki/ed.key && chmod 600 pki/ed.key
request ed /CN=ed && certify ed broker intermediate 365
exits 0 pack keystore --cert pki/ed.pem --chain pki/ca-chain.pem --key pki/ed.key --alias ed --out out/ed.jks "${store[@]}"
exits 0 keytool -list -keystore out/ed.jks -storepass:file store-password
says PrivateKeyEntry
rm out/ed.jks

step "roles"
printf '[member]\nbasicConstraints = CA:FALSE\nkeyUsage = critical,digitalSignature\nextendedKeyUsage = serverAuth,clientAuth\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n' >>pki/ca.cnf
cp pki/client.csr pki/member.csr && certify member member intermediate 365
member=(keystore --cert pki/member.pem --chain pki/ca-chain.pem --key pki/client.key --alias m)
refuses 1 "pack.both-purposes: " pack "${member[@]}" --out out/n.jks "${store[@]}"
refuses 1 "pack.both-purposes: " pack "${member[@]}" --role broker --out out/n.jks "${store[@]}"
exits 0 pack "${member[@]}" --role member --out out/member.jks "${store[@]}"
says "role   member"
rm out/member.jks
refuses 1 "pack.not-for-server: " pack "${client[@]}" --key pki/client.key --role broker --out out/n.jks "${store[@]}"
refuses 1 "pack.not-for-client: " pack "${broker[@]}" --role client --alias a --out out/n.jks "${store[@]}"
refuses 2 "is none of broker, client, member" pack "${broker[@]}" --role king --alias a --out out/n.jks "${store[@]}"

step "pinned peers"
exits 0 pack truststore --pin-leaf --entry client=pki/client.pem --out out/pins.jks "${store[@]}"
says "must be replaced here whenever it is renewed"
rm out/pins.jks
openssl req -x509 -config pki/ca.cnf -extensions root -key pki/client.key -subj /CN=self -days 300 -out pki/self.pem 2>/dev/null
refuses 1 "pack.pin-is-ca: self: " pack truststore --pin-leaf --entry self=pki/self.pem --out out/n.jks "${store[@]}"
complains "openssl req -new -key KEY -out REQUEST.csr"
refuses 1 "pack.trust-not-ca: client: " pack truststore --entry client=pki/client.pem --out out/n.jks "${store[@]}"

step "--force replaces, whole or not at all"
sha256sum out/trust.p12 >before
exits 0 pack truststore --force --entry root=pki/root.pem --type pkcs12 --out out/trust.p12 "${store[@]}"
if sha256sum --status -c before; then fail "nothing was replaced"; fi
refuses 1 "pack.trust-not-ca" pack truststore --force --entry c=pki/client.pem --out out/trust.p12 "${store[@]}"
ln -s trust.p12 out/link.p12
refuses 1 "out/link.p12: is not a regular file" pack truststore --force --entry root=pki/root.pem --out out/link.p12 "${store[@]}"
rm out/link.p12

step "truststores are changed, and what stays keeps its octets"
for type in jks pkcs12; do
  trusted=out/changed.$type
  exits 0 pack truststore --type $type --entry root=pki/root.pem --out $trusted "${store[@]}"
  chmod 640 $trusted
  exits 0 pack truststore add $trusted --entry Stranger=pki/stranger.pem --entry i=pki/intermediate.pem "${store[@]}"
  says "added    stranger"
  says "1 other entry is unchanged"
  [ "$(stat -c %a $trusted)" = 640 ] || fail "the mode changed"
  exits 0 keytool -list -keystore $trusted -storepass:file store-password
  says "3 entries"
  exits 0 pack truststore remove $trusted --alias STRANGER --alias i "${store[@]}"
  says "removed  stranger"
  exits 0 keytool -list -keystore $trusted -storepass:file store-password
  says "1 entry"
  refuses 1 "alias 'nobody': is not in the store" pack truststore remove $trusted --alias nobody "${store[@]}"
  refuses 1 "nothing would be left to trust" pack truststore remove $trusted --alias root "${store[@]}"
  refuses 2 "alias 'root': is used twice" pack truststore add $trusted --entry ROOT=pki/stranger.pem "${store[@]}"
  refuses 1 "wrong store password" pack truststore add $trusted --entry s=pki/stranger.pem --store-password-from file:entry-password
  refuses 1 "pack.trust-not-ca" pack truststore add $trusted --entry c=pki/client.pem "${store[@]}"
  refuses 1 "pack.private-key" pack truststore add $trusted --entry k=pki/client.key "${store[@]}"
  refuses 1 "is being changed by another sealroom-pack" flock $trusted "$bin/sealroom-pack" truststore add $trusted \
    --entry s=pki/stranger.pem "${store[@]}"
done
refuses 1 "out/broker.p12: pack.private-key: holds a private key" pack truststore add out/broker.p12 --entry root=pki/root.pem "${store[@]}"
refuses 1 "out/absent.jks: cannot be opened" pack truststore add out/absent.jks --entry root=pki/root.pem "${store[@]}"
# An entry that keytool wrote stays as keytool wrote it, to the octet.
keytool -importcert -noprompt -alias other -file pki/stranger.pem -keystore out/java.jks -storetype JKS \
  -storepass:file store-password 2>/dev/null
python3 - out/java.jks >octets <<'END'
import sys
store = open(sys.argv[1], "rb").read()
print(store[12:-20].hex())
END
exits 0 pack truststore add out/java.jks --entry root=pki/root.pem "${store[@]}"
grep -q "$(cat octets)" <(od -An -v -tx1 out/java.jks | tr -d ' \n') || fail "keytool's entry changed"
rm out/java.jks

step "killed at every step, the old store or the new one is there"
cp out/changed.jks kept.jks
# killed CALL NTH: adds to out/changed.jks and is killed at the NTH such system call.
killed() {
  local code=0
  cp kept.jks out/changed.jks
  { strace -o /dev/null -e inject="$1:signal=KILL:when=$2" "$bin/sealroom-pack" truststore add out/changed.jks \
    --entry s=pki/stranger.pem "${store[@]}"; } >stdout 2>stderr || code=$?
  [ $code = 137 ] || fail "$1 $2: exit code $code, so it was not killed"
}
for moment in write:1 fsync:1 fchmod:1 linkat:1; do
  killed ${moment%:*} ${moment#*:} 2>/dev/null
  cmp -s kept.jks out/changed.jks || fail "$moment: the old store is not there"
  [ -z "$(find out -name '*partial*')" ] || fail "$moment: something was left"
done
killed rename 1 2>/dev/null
cmp -s kept.jks out/changed.jks || fail "rename: the old store is not there"
for left in out/changed.jks.partial-*; do # the new one, whole, under its first name
  exits 0 pack inspect "$left" "${store[@]}"
  says "2 entries"
  rm "$left"
done
killed fsync 2 2>/dev/null
exits 0 pack inspect out/changed.jks "${store[@]}"
says "2 entries"
cp kept.jks out/changed.jks

step "a full disk leaves the old store, and nothing else"
small() { (ulimit -f 1 && pack "$@"); }
refuses 1 "cannot be written" small truststore add out/changed.jks --entry s=pki/stranger.pem --entry i=pki/intermediate.pem \
  --entry again=pki/root.pem "${store[@]}"
refuses 1 "cannot be written" small "${client[@]}" --key pki/client.key --type pkcs12 --out out/n.p12 "${store[@]}"

step "what inspect warns of"
# warns ID COMMAND...: this warning, and not for the broker's own store
warns() {
  exits 0 pack inspect "${@:2}"
  says "warning: $1: "
  exits 0 pack inspect out/broker.p12 "${store[@]}"
  if grep -qF "$1" stdout; then fail "$1 without a reason"; fi
}
warns inspect.not-listed out/broker.p12
cp out/changed.jks named.p12
warns inspect.jks-named-pkcs12 named.p12
printf 'changeme\n' >weak-password && chmod 600 weak-password
exits 0 pack truststore --entry root=pki/root.pem --out weak.jks --allow-weak-password --store-password-from file:weak-password
warns inspect.weak-password weak.jks --store-password-from file:weak-password
openssl pkcs12 -export -in pki/broker.pem -inkey pki/broker.key -passin file:pki/key-password -out few.p12 -name b -passout file:store-password
warns inspect.few-iterations few.p12 "${store[@]}"
warns inspect.chain-incomplete few.p12 "${store[@]}"
openssl pkcs12 -export -in pki/broker.pem -inkey pki/broker.key -passin file:pki/key-password -nomac -out nomac.p12 -passout file:store-password
warns inspect.no-mac nomac.p12 "${store[@]}"
refuses 1 "has no MAC" pack truststore add nomac.p12 --entry root=pki/root.pem "${store[@]}"
openssl pkcs12 -export -in pki/client.pem -inkey pki/client.key -keypbe NONE -certpbe NONE -out open.p12 -passout file:store-password
warns inspect.open-key open.p12 "${store[@]}"
openssl pkcs12 -export -in pki/root.pem -inkey pki/root.key -out ca.p12 -passout file:store-password
warns inspect.ca-key ca.p12 "${store[@]}"
openssl pkcs12 -export -nokeys -in pki/root.pem -out unseen.p12 -passout file:store-password
warns inspect.unseen-certificate unseen.p12 "${store[@]}"
exits 0 keytool -list -keystore unseen.p12 -storepass:file store-password
says "Your keystore contains 0 entries"
cp pki/client.key pki/soon.key && cp pki/client.csr pki/soon.csr && certify soon client intermediate 10
exits 0 pack keystore --cert pki/soon.pem --chain pki/ca-chain.pem --key pki/soon.key --alias s --out soon.jks "${store[@]}"
warns inspect.expires-soon soon.jks
# A chain in the wrong order, as only other tools write it.
exits 0 pack "${client[@]}" --key pki/client.key --out right.jks "${store[@]}"
openssl x509 -in pki/intermediate.pem -outform der -out middle.der && openssl x509 -in pki/root.pem -outform der -out root.der
python3 - right.jks broken.jks <<'END'
import sys
store = open(sys.argv[1], "rb").read()
def block(name):
    der = open(name, "rb").read()
    return b"\0\5X.509" + len(der).to_bytes(4, "big") + der
middle, root = block("middle.der"), block("root.der")
assert store.count(middle + root) == 1
open(sys.argv[2], "wb").write(store.replace(middle + root, root + middle))
END
warns inspect.chain-broken broken.jks
head -c 300 out/broker.p12 >half.p12
refuses 1 "half.p12: is DER, but no PKCS#12 store in whole" pack inspect half.p12 "${store[@]}"
head -c 300 out/changed.jks >half.jks
refuses 1 "cut short" pack inspect half.jks

step "progress is shown at a terminal for large stores, and only there"
many=()
for n in $(seq 1000); do many+=(--entry "r$n=pki/root.pem"); done
script -qec "$(printf '%q ' "$bin/sealroom-pack" truststore "${many[@]}" --out out/many.jks "${store[@]}")" typescript >/dev/null
grep -q "of 1000 entries" typescript || fail "no progress at a terminal"
rm out/many.jks
exits 0 pack truststore "${many[@]}" --out out/many.jks "${store[@]}"
[ ! -s stderr ] || fail "progress where there is no terminal"
says "and 950 more"
exits 0 keytool -list -keystore out/many.jks -storepass:file store-password
says "1,000 entries"
rm out/many.jks

shim=$bin/../lib/libmemory-look.so
if [ -e "$shim" ]; then
  step "no key and no password is left in memory at the end"
  backwards() { fold -w2 | tac | tr -d '\n'; }
  hex() { od -An -v -tx1 | tr -d ' \n'; }
  openssl pkcs8 -topk8 -in pki/client.key -passout file:pki/key-password -out pki/client.covered.pem && chmod 600 pki/client.covered.pem
  scalar=$(openssl pkey -in pki/client.key -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//')
  {
    echo "key $scalar"
    echo "turned $(printf %s "$scalar" | backwards)" # as OpenSSL keeps its limbs
    echo "password $(printf 'correct horse battery' | hex)"
    echo "wide $(printf 'correct horse battery' | iconv -t UTF-16BE | hex)"
    echo "present $(printf pki/client.covered.pem | hex)" # what is no secret is there, so the look sees
  } >secrets
  for type in jks pkcs12; do
    MEMORY_LOOK=secrets LD_PRELOAD=$shim exits 0 pack "${client[@]}" --key pki/client.covered.pem --type $type \
      --key-password-from file:pki/key-password --out out/m.$type "${store[@]}" 9>seen
    rm out/m.$type
    for name in key turned password wide; do grep -qx "$name 0" seen || fail "in memory: $(cat seen)"; done
    grep -qE "^present [1-9]" seen || fail "the look does not see: $(cat seen)"
  done
fi

step "nothing else is left"
[ "$(ls -A out | tr '\n' ' ')" = "broker.p12 changed.jks changed.pkcs12 trust.p12 " ] || fail "left over: $(ls -A out)"
echo "pack_stores.sh: all good"
