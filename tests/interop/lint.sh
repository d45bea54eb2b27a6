#!/usr/bin/env bash
# zlint over one certificate of every profile and kind of key, of both sets. Its findings are exactly those that
# docs/interop.md explains (tests/interop/lint.expected): one that is new fails, and so does one that has gone.
# zlint comes through the Go module proxy, once (build/interop/zlint); the version is one that Go 1.19 of Debian 12 compiles.
#
#   tests/interop/lint.sh BIN_DIRECTORY
. "$(dirname "$0")/../e2e/lib/session.sh" "$1"
interop=$tests/../interop
fetched=$interop/../../build/interop
version=v3.6.4
zlint=$fetched/zlint/$version/zlint

not_run() {
  echo "NOT RUN: $*"
  exit 77
}

step "zlint $version"
if [ ! -x "$zlint" ]; then
  command -v go >/dev/null || not_run "there is no go (Debian: golang-go)"
  mkdir -p "$fetched"
  # The Go checksum database vouches for what the proxy gives.
  GOBIN=$(cd "$fetched" && pwd)/zlint/$version GOFLAGS= timeout 500 go install "github.com/zmap/zlint/v3/cmd/zlint@$version" >go.out 2>&1 ||
    not_run "the Go module proxy could not be reached, or zlint does not build: $(tail -n 3 go.out)"
fi

requests=$medium/requests/intermediate
mkdir -p "$requests/server_cert" "$requests/client_cert"
for purpose in server client; do
  server_csr "$requests/${purpose}_cert/ec.csr" $purpose-ec.example.com
  openssl req -new -newkey rsa:2048 -noenc -keyout "$keys/rsa.$purpose" -subj "/C=DE/O=HiveMQ/CN=$purpose-rsa.example.com" \
    -addext "subjectAltName=DNS:$purpose-rsa.example.com" -out "$requests/${purpose}_cert/rsa.csr" 2>/dev/null
done

# lint NAME CERTIFICATE: its findings, a line each: SET CERTIFICATE STATUS LINT
lint() {
  "$zlint" "$2" >lint.json
  python3 - "$1" lint.json <<'P'
import json, sys
for lint, found in sorted(json.load(open(sys.argv[2])).items()):
    if found["result"] in ("warn", "error", "fatal"):
        print(sys.argv[1], found["result"], lint)
P
}

: >found
for set in guide modern; do
  step "the $set set"
  home=$work/home.$set
  fast_ceremony fast.yaml
  sealroom init --softhsm --profiles $set >/dev/null
  start_daemon
  mkdir "$work/ceremony.$set"
  expect_exit 0 sealroom ceremony run fast.yaml --medium "$work/ceremony.$set"
  expect_exit 0 sealroom process "$medium" --json
  out=$medium/issued/$(look 'd["batch"]' <stdout)
  stop_daemon
  for name in ca/root ca/intermediate intermediate/{server,client}_cert/{ec,rsa}; do
    lint "$set ${name#intermediate/}" "$out/$name.cert.pem" >>found
  done
done
sed '/^#/d' "$interop/lint.expected" >expected
for name in $(awk '{ print $NF }' expected | sort -u); do
  grep -qF "\`$name\`" "$tests/../../docs/interop.md" || fail "docs/interop.md does not explain $name"
done
diff expected found || fail "zlint finds something else than what is explained (< expected, > found)"
echo "lint: ok, $(wc -l <found) findings, all of them explained"
