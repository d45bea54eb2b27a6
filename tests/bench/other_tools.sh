#!/usr/bin/env bash
# What the tools take that a user would pick instead, with the same key in the same token: `sealroom process` beside
# `openssl ca` for all requests in one process, `openssl ca` and certtool in a process for each. Runs alternate; the
# figures are medians. No other of them is durable, checks what it signed, or keeps a log.
#
#   tests/bench/other_tools.sh BIN_DIRECTORY HOME CERTIFICATE PAIRS [--json]
#
# HOME is a trial home whose daemon runs with its tokens unlocked, CERTIFICATE that of its intermediate.
set -euo pipefail
export LC_ALL=C.UTF-8
umask 022

[ $# = 4 ] || { [ $# = 5 ] && [ "$5" = --json ]; } || {
  echo "usage: tests/bench/other_tools.sh BIN_DIRECTORY HOME CERTIFICATE PAIRS [--json]" >&2
  exit 2
}
bin=$(cd "$1" && pwd) home=$(cd "$2" && pwd) certificate=$(realpath "$3") pairs=$4 json=${5:-}
count=100 apart=10  # requests; and how many of them get a process of their own
work=$(mktemp -d "${TMPDIR:-/tmp}/sealroom-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

compute() { awk "BEGIN { printf \"%.$1f\", $2 }"; }
median() { sort -g "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# taken NAME COUNT COMMAND...: milliseconds for each of COUNT certificates, one more line of NAME.ms.
taken() {
  local from=$EPOCHREALTIME
  "${@:3}" >output 2>&1 </dev/null || { tail -n 20 output >&2 && exit 1; }
  compute 3 "($EPOCHREALTIME - $from) * 1000 / $2" >>"$1.ms"
  echo >>"$1.ms"
}

export SOFTHSM2_CONF=$home/softhsm2.conf PKCS11_MODULE_PATH=/usr/lib/softhsm/libsofthsm2.so
GNUTLS_PIN=$(cat "$home/pins/sealroom-intermediate.pin")
export GNUTLS_PIN
key="pkcs11:token=sealroom-intermediate;object=intermediate-key;type=private"
mkdir new
echo 7000000000000000000000000000000000000000 >serial
echo 'unique_subject = no' >index.txt.attr
: >index.txt
printf '%s\n' '[ca]' 'default_ca = it' '[it]' "dir = $work" 'database = $dir/index.txt' 'serial = $dir/serial' \
  'new_certs_dir = $dir/new' "certificate = $certificate" 'default_md = sha256' 'default_days = 300' \
  'copy_extensions = copy' 'policy = any' 'x509_extensions = leaf' '[any]' 'organizationName = optional' \
  'commonName = supplied' '[leaf]' 'basicConstraints = CA:FALSE' 'keyUsage = critical,digitalSignature' \
  'extendedKeyUsage = serverAuth' 'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' >ca.cnf
printf '%s\n' 'expiration_days = 300' tls_www_server signing_key honor_crq_extensions >template

# With the PIN in its argument, which every process on the machine can read: a key of a trial home.
openssl_ca() {
  openssl ca -config ca.cnf -engine pkcs11 -keyform engine -keyfile "$key;pin-value=$GNUTLS_PIN" -batch -notext "$@"
}
openssl_apart() { for request in "${some[@]}"; do openssl_ca -in "$request" -out one.pem; done; }
certtool_apart() {
  for request in "${some[@]}"; do
    certtool --generate-certificate --provider "$PKCS11_MODULE_PATH" --load-request "$request" \
      --load-ca-certificate "$certificate" --load-ca-privkey "$key" --template template --outfile two.pem
  done
}

for turn in $(seq "$pairs"); do
  folder=$work/medium-$turn/requests/intermediate/server_cert
  mkdir -p "$folder"
  "$bin/make-requests" "$folder" $count ec:P-256 $count
  all=("$folder"/*.csr)
  some=("${all[@]:0:apart}")
  taken ours $count "$bin/sealroom" --home "$home" process "$work/medium-$turn"
  taken together $count openssl_ca -outdir new -infiles "${all[@]}"
  taken openssl $apart openssl_apart
  taken certtool $apart certtool_apart
  openssl verify -partial_chain -CAfile "$certificate" one.pem two.pem >output 2>&1 || { cat output >&2 && exit 1; }
done

ours=$(median ours.ms) together=$(median together.ms) openssl=$(median openssl.ms) certtool=$(median certtool.ms)
if [ -n "$json" ]; then
  cat <<JSON
{
    "sealroom_process_milliseconds": $ours,
    "openssl_ca_infiles_milliseconds": $together,
    "openssl_ca_milliseconds": $openssl,
    "certtool_milliseconds": $certtool,
    "openssl_ca_infiles_ratio": $(compute 2 "$together / $ours"),
    "openssl_ca_ratio": $(compute 2 "$openssl / $ours"),
    "certtool_ratio": $(compute 2 "$certtool / $ours")
  }
JSON
else
  echo "a certificate of $count by sealroom process: $ours ms; openssl ca -infiles $together ms ($(compute 2 "$together / $ours") times); a process for each: openssl ca $openssl ms ($(compute 2 "$openssl / $ours") times), certtool $certtool ms ($(compute 2 "$certtool / $ours") times)"
fi
