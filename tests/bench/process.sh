#!/usr/bin/env bash
# What the whole job costs: `sealroom process`, which imports, signs, exports and reads back, beside raw C_Sign calls of the
# same key in the same token, and beside the tools that one would pick instead: `openssl ca` for all requests in one process,
# `openssl ca` and certtool in a process for each. No other of them is durable, checks what it signed, or keeps a log.
#
#   tests/bench/process.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--requests N] [--apart N] [--issuer KEYS]
#
# --apart: how many requests get a process of their own in each pair.
pairs=5 requests=1000 apart=10 issuer=rsa-4096
settings="pairs requests apart issuer"
quick() { pairs=3 requests=60 apart=3; }
. "$(dirname "$0")/lib.sh"

key="pkcs11:token=sealroom-intermediate;object=intermediate-key;type=private"

# The authority of `openssl ca` and certtool: our intermediate, with an index of its own.
make_authority() {
  local found=("$home.ceremony"/issued/*/ca/intermediate.cert.pem)
  certificate=${found[0]}
  ca=$work/ca
  export SOFTHSM2_CONF=$home/softhsm2.conf PKCS11_MODULE_PATH=/usr/lib/softhsm/libsofthsm2.so
  GNUTLS_PIN=$(cat "$home/pins/sealroom-intermediate.pin")
  export GNUTLS_PIN
  mkdir "$ca" "$ca/new"
  echo 'unique_subject = no' >"$ca/index.txt.attr"
  printf '%s\n' '[ca]' 'default_ca = it' '[it]' "dir = $ca" 'database = $dir/index.txt' 'serial = $dir/serial' \
    'new_certs_dir = $dir/new' "certificate = $certificate" 'default_md = sha256' 'default_days = 300' \
    'copy_extensions = copy' 'policy = any' 'x509_extensions = leaf' '[any]' 'organizationName = optional' \
    'commonName = supplied' '[leaf]' 'basicConstraints = CA:FALSE' 'keyUsage = critical,digitalSignature' \
    'extendedKeyUsage = serverAuth' 'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' >"$ca/ca.cnf"
  printf '%s\n' 'expiration_days = 300' tls_www_server signing_key honor_crq_extensions >"$ca/template"
}

# Its index is empty again, because it reads and writes all of it each time.
forget() {
  : >"$ca/index.txt"
  echo 7000000000000000000000000000000000000000 >"$ca/serial"
}

# With the PIN in its argument, which every process on the machine can read: a key of a trial home.
openssl_ca() {
  openssl ca -config "$ca/ca.cnf" -engine pkcs11 -keyform engine -keyfile "$key;pin-value=$GNUTLS_PIN" -batch -notext "$@"
}
openssl_apart() { for request in "${all[@]:0:apart}"; do openssl_ca -in "$request" -out "$ca/one.pem" || return; done; }
certtool_apart() {
  for request in "${all[@]:0:apart}"; do
    certtool --generate-certificate --provider "$PKCS11_MODULE_PATH" --load-request "$request" \
      --load-ca-certificate "$certificate" --load-ca-privkey "$key" --template "$ca/template" --outfile "$ca/two.pem" || return
  done
}

# Milliseconds for each certificate.
keep_each() {
  timed "${@:3}"
  keep "$1" "$(compute 4 "$took * 1000 / $2")"
}

run_raw() {
  raw_sign "$requests" "$n"
  keep "raw-$1.$n" "$(compute 4 "1000 / $raw_rate")"
}
run_process() {
  keep_each "process-$1.$n" "$requests" process_medium
  expect_certificates "$requests"
}
run_together() {
  forget
  keep_each "together.$n" "$requests" quietly openssl-ca "openssl ca" openssl_ca -outdir "$ca/new" -infiles "${all[@]}"
  [ "$(wc -l <"$ca/index.txt")" = "$requests" ] || fail "openssl ca has not issued $requests certificates"
}
run_apart() {
  forget
  keep_each "openssl.$n" "$apart" quietly openssl-ca-apart "openssl ca" openssl_apart
  keep_each "certtool.$n" "$apart" quietly certtool "certtool" certtool_apart
  quietly verify "the others' certificates" openssl verify -partial_chain -CAfile "$certificate" "$ca/one.pem" "$ca/two.pem"
}

# Each pair on $n processors. What is compared with `process` stands in turn before and after it.
run_pair() {
  new_medium "$requests" ec:P-256
  all=("$medium"/requests/intermediate/server_cert/*.csr)
  local order=(run_together run_raw run_process)
  [ $((turn % 2)) = 0 ] || order=(run_process run_raw run_together)
  for run in "${order[@]}"; do "$run" ec; done
  [ "$n" = "${sets[-1]}" ] || return 0
  run_apart
  new_medium "$requests" rsa:2048
  order=(run_raw run_process)
  [ $((turn % 2)) = 0 ] || order=(run_process run_raw)
  for run in "${order[@]}"; do "$run" rsa; done
}

# against BASELINE PROCESS AIM WHAT: how many times as long the baseline takes for a certificate.
against() {
  derive "$1-to-$2" '$1 / $2' "$1" "$2"
  row "$4" "$1-to-$2" '' "$3" "$2" "$1" ms
}

note "making a home with $issuer keys"
new_home "$home" "$issuer"
make_authority
mapfile -t sets < <(printf '%s\n' 2 ${#processors[@]} | sort -nu | awk -v most=${#processors[@]} '$1 <= most')
for n in "${sets[@]}"; do
  note "$pairs pairs of $requests on $n processors"
  restart_on "$n"
  for turn in $(seq "$pairs"); do run_pair; done
done
stop_daemon

on="$issuer issuer, $requests requests"
against "raw-ec.$n" "process-ec.$n" '>= 0.80' "sealroom process to raw C_Sign: $on with P-256 keys, $n processors"
against "raw-rsa.$n" "process-rsa.$n" '>= 0.55' "sealroom process to raw C_Sign: $on with RSA-2048 keys, $n processors"
for n in "${sets[@]}"; do
  case $n in 2) aim='>= 1.6' ;; 4) aim='>= 2.5' ;; *) aim=- ;; esac
  against "together.$n" "process-ec.$n" "$aim" "openssl ca -infiles to sealroom process: $on with P-256 keys, $n processors"
done
against "openssl.$n" "process-ec.$n" - "openssl ca, a process for each of $apart, to sealroom process of $requests"
against "certtool.$n" "process-ec.$n" - "certtool, a process for each of $apart, to sealroom process of $requests"
print_rows
