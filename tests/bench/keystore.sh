#!/usr/bin/env bash
# How fast sealroom-pack makes stores, beside what Java offers for it: keytool, once for each certificate, and a small
# Java program that writes the same truststore in one go. Runs alternate; the figures are medians. What takes keytool
# too long is computed from fewer imports, and said so.
#
#   tests/bench/keystore.sh BIN_DIRECTORY [--quick] [--json]
set -euo pipefail
export LC_ALL=C.UTF-8
umask 022

bin=$(cd "$1" && pwd)
java=$(cd "$(dirname "$0")/../java" && pwd)
runs=9 imports=100 json=
for option in "${@:2}"; do
  case $option in
    --quick) runs=3 imports=10 ;;
    --json) json=yes ;;
    *) echo "usage: tests/bench/keystore.sh BIN_DIRECTORY [--quick] [--json]" >&2 && exit 2 ;;
  esac
done
work=$(mktemp -d "${TMPDIR:-/tmp}/sealroom-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

compute() { awk "BEGIN { printf \"%.$1f\", $2 }"; }
median() { sort -g "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
# taken NAME COMMAND...: its seconds go to NAME.s, its peak memory to NAME.kib.
taken() {
  "$bin/measure" "${@:2}" 3>figures >output 2>&1 || { cat output >&2 && exit 1; }
  cut -d' ' -f1 figures >>"$1.s"
  cut -d' ' -f2 figures >>"$1.kib"
}

echo "keystore.sh: making 10000 certificates" >&2
mkdir authorities
"$bin/make-authorities" 10000 authorities
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

from_password=(--store-password-from file:password)
echo "keystore.sh: $runs alternating runs" >&2
for _ in $(seq "$runs"); do
  rm -f ./*.jks ./*.p12
  taken ours100 "$bin/sealroom-pack" truststore "${entries[@]:0:200}" --out ours.jks "${from_password[@]}"
  taken java100 java -cp . WriteStore java.jks password "${certificates[@]:0:100}"
  taken keystore "$bin/sealroom-pack" keystore --cert leaf.pem --chain root.pem --key leaf.key --alias broker \
    --out broker.jks "${from_password[@]}"
  # keytool reads no key from PEM: openssl packs it, keytool turns that into JKS.
  taken by_keytool sh -c 'openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile root.pem -name broker \
    -passout file:password -out broker.p12 && keytool -importkeystore -noprompt -srckeystore broker.p12 \
    -srcstorepass:file password -destkeystore keytool-broker.jks -deststoretype JKS -deststorepass:file password'
done
for _ in 1 2 3; do
  rm -f ours.jks java.jks
  taken ours10000 "$bin/sealroom-pack" truststore "${entries[@]}" --out ours.jks "${from_password[@]}"
  taken java10000 java -cp . WriteStore java.jks password "${certificates[@]}"
done
echo "keystore.sh: $imports imports by keytool, one after the other" >&2
rm -f keytool.jks
from=$EPOCHREALTIME
for n in $(seq 0 $((imports - 1))); do
  keytool -importcert -noprompt -alias "bench$n" -file "${certificates[n]}" -keystore keytool.jks -storetype JKS \
    -storepass:file password >output 2>&1 || { cat output >&2 && exit 1; }
done
keytool100=$(compute 2 "($EPOCHREALTIME - $from) * 100 / $imports")

ours100=$(median ours100.s) java100=$(median java100.s) ours10000=$(median ours10000.s) java10000=$(median java10000.s)
keystore=$(median keystore.s) by_keytool=$(median by_keytool.s)
peak=$(median ours10000.kib) java_peak=$(median java10000.kib)
if [ -n "$json" ]; then
  cat <<JSON
{
    "truststore_100_seconds": $ours100,
    "truststore_100_java_seconds": $java100,
    "truststore_100_keytool_seconds": $keytool100,
    "truststore_100_keytool_imports_measured": $imports,
    "truststore_100_times_as_fast_as_keytool": $(compute 0 "$keytool100 / $ours100"),
    "truststore_100_times_as_fast_as_java": $(compute 1 "$java100 / $ours100"),
    "truststore_10000_seconds": $ours10000,
    "truststore_10000_java_seconds": $java10000,
    "truststore_10000_keytool_seconds_at_least": $(compute 0 "100 * $keytool100"),
    "truststore_10000_peak_kib": $peak,
    "truststore_10000_java_peak_kib": $java_peak,
    "keystore_seconds": $keystore,
    "keystore_openssl_and_keytool_seconds": $by_keytool
  }
JSON
else
  measured=
  [ "$imports" = 100 ] || measured=" (of $imports imports)"
  echo "truststore of 100: $ours100 s; Java $java100 s ($(compute 1 "$java100 / $ours100") times); keytool $keytool100 s$measured ($(compute 0 "$keytool100 / $ours100") times)"
  echo "truststore of 10000: $ours10000 s, $(compute 1 "$peak / 1024") MiB; Java $java10000 s, $(compute 0 "$java_peak / 1024") MiB; keytool at least $(compute 0 "100 * $keytool100") s (computed: 100 times the imports of 100)"
  echo "keystore from PEM: $keystore s; openssl and keytool $by_keytool s ($(compute 0 "$by_keytool / $keystore") times)"
fi
