#!/usr/bin/env bash
# How fast sealroom-pack makes stores, beside what Java offers for it: keytool, once for each certificate, and a small
# Java program that writes the same truststore in one go. For 100 certificates keytool would take minutes, so its time is
# computed from fewer.
#
#   tests/bench/keystore.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--imports N] [--large N]
#
# --imports: how many keytool imports in each pair, a process for each. --large: certificates in the large truststore.
pairs=5 imports=10 large=10000
settings="pairs imports large"
quick() { pairs=3 imports=2 large=1000; }
. "$(dirname "$0")/lib.sh"

java=$root/tests/java
cd "$work"

# taken NAME COMMAND...: its seconds are a value of NAME, its peak memory in MiB one of NAME.memory.
taken() {
  quietly "$1" "$1" "$bin/measure" "${@:2}" 3>figures
  keep "$1" "$(cut -d' ' -f1 figures)"
  keep "$1.memory" "$(compute 1 "$(cut -d' ' -f2 figures) / 1024")"
}

note "making $large certificates"
mkdir authorities
"$bin/make-authorities" "$large" authorities
echo 'correct horse battery' >password
chmod 600 password
certificates=(authorities/*.pem)
entries=()
for n in "${!certificates[@]}"; do entries+=(--entry "bench$n=${certificates[n]}"); done
javac -d . "$java/WriteStore.java"
cat >ca.cnf <<'END'
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config ca.cnf)
openssl req -x509 "${ec[@]}" -keyout root.key -subj /CN=root -extensions root -days 365 -out root.pem 2>/dev/null
openssl req -new "${ec[@]}" -keyout leaf.key -subj /CN=broker -out leaf.csr 2>/dev/null
openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -days 300 -extfile ca.cnf -extensions leaf -out leaf.pem 2>/dev/null
chmod 600 leaf.key

by_keytool() {
  local n
  for n in $(seq 0 $((imports - 1))); do
    keytool -importcert -noprompt -alias "bench$n" -file "${certificates[n]}" -keystore keytool.jks -storetype JKS \
      -storepass:file password || return
  done
}

from_password=(--store-password-from file:password)
note "$pairs alternating runs"
for _ in $(seq "$pairs"); do
  rm -f ./*.jks ./*.p12
  taken ours100 "$bin/sealroom-pack" truststore "${entries[@]:0:200}" --out ours.jks "${from_password[@]}"
  taken java100 java -cp . WriteStore java.jks password "${certificates[@]:0:100}"
  timed quietly keytool "keytool" by_keytool
  keep keytool100 "$(compute 3 "$took * 100 / $imports")"
  taken keystore "$bin/sealroom-pack" keystore --cert leaf.pem --chain root.pem --key leaf.key --alias broker \
    --out broker.jks "${from_password[@]}"
  # keytool reads no key from PEM: openssl packs it, keytool turns that into JKS.
  taken openssl-keytool sh -c 'openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile root.pem -name broker \
    -passout file:password -out broker.p12 && keytool -importkeystore -noprompt -srckeystore broker.p12 \
    -srcstorepass:file password -destkeystore keytool-broker.jks -deststoretype JKS -deststorepass:file password'
  rm -f ours.jks java.jks
  taken ours-large "$bin/sealroom-pack" truststore "${entries[@]}" --out ours.jks "${from_password[@]}"
  taken java-large java -cp . WriteStore java.jks password "${certificates[@]}"
done

# times_as_much OURS THEIRS UNIT WHAT
times_as_much() {
  derive "$1-$2" '$2 / $1' "$1" "$2"
  row "$4" "$1-$2" '' - "$1" "$2" "$3"
}
times_as_much ours100 keytool100 s "keytool, computed from $imports of 100 processes, to sealroom-pack: truststore of 100"
times_as_much ours100 java100 s "a Java program to sealroom-pack: truststore of 100"
times_as_much ours-large java-large s "a Java program to sealroom-pack: truststore of $large"
times_as_much ours-large.memory java-large.memory MiB "peak memory of the Java program to sealroom-pack: the same"
times_as_much keystore openssl-keytool s "openssl pkcs12 and keytool to sealroom-pack: keystore from PEM"
print_rows
