#!/usr/bin/env bash
# Every command with --json prints one document that parses and says its format; the log's entries come as the lines that
# they are. Errors stay on stderr, and stdout is empty then.
. "$(dirname "$0")/lib/session.sh" "$@"

# document FORMAT CODE COMMAND...
document() {
  local format=$1 code=$2
  shift 2
  expect_exit "$code" sealroom "$@" --json
  is "$(wc -l <stdout)" 1 "lines of: $*"
  is "$(look 'd["format"]' <stdout)" "$format" "format of: $*"
  expect_exit "$code" sealroom --json "$@"
  is "$(look 'd["format"]' <stdout)" "$format" "format of: --json $*"
}
once() {
  local format=$1 code=$2
  shift 2
  expect_exit "$code" sealroom "$@" --json
  is "$(wc -l <stdout)" 1 "lines of: $*"
  is "$(look 'd["format"]' <stdout)" "$format" "format of: $*"
}

once sealroom-init/1 0 init --softhsm
start_daemon
fast_ceremony fast.yaml
document sealroom-ceremony/1 0 ceremony check fast.yaml
mkdir ceremony
once sealroom-ceremony/1 0 ceremony run fast.yaml --medium ceremony
client_csr "$medium/requests/intermediate/client_cert/good.csr" good
echo rubbish >"$medium/requests/intermediate/client_cert/bad.csr"

step "commands that look"
document sealroom-status/1 0 status
document sealroom-issuers/1 0 issuer list
document sealroom-issuer/1 0 issuer show root
document sealroom-issuer/1 0 issuer show intermediate
document sealroom-batches/1 0 batch list
document sealroom-certificates/1 0 certificate list
is "$(look 'len(d["certificates"])' <stdout)" 2 certificates
document sealroom-certificates/1 0 certificate list --issuer intermediate
is "$(look 'd["certificates"]' <stdout)" "[]"
document sealroom-certificates/1 0 certificate list --issuer root
document sealroom-certificate/1 0 certificate show "$(look 'd["certificates"][0]["serial"]' <stdout)"
document sealroom-audit-verify/1 0 audit verify
document sealroom-report/1 3 check "$medium/requests/intermediate/client_cert/good.csr" "$medium/requests/intermediate/client_cert/bad.csr"

step "commands that work"
document sealroom-unlock/1 0 unlock --all
document sealroom-report/1 3 import "$medium"
batch=$(look 'd["batch"]' <stdout)
document sealroom-batch/1 0 batch show "$batch"
is "$(look 'd["report"]["format"]' <stdout)" sealroom-report/1
once sealroom-report/1 0 batch replan "$batch"
batch=$(look 'd["batch"]' <stdout)
document sealroom-sign/1 0 sign "$batch"
document sealroom-export/1 0 export "$batch" "$medium"
is "$(look 'd["already_there"]' <stdout)" true
document sealroom-request/1 0 issuer request intermediate
once sealroom-request/1 0 issuer request intermediate "$medium" --for elsewhere/ca
once sealroom-install/1 0 issuer install intermediate ceremony/issued/*-0002/root/v3_intermediate_ca/intermediate.fullchain.pem
document sealroom-report/1 3 process "$medium"
once sealroom-audit-export/1 0 audit export "$medium"
step "report.json on the medium has the same form"
for report in "$medium"/issued/*/report.json ceremony/issued/*/report.json; do
  is "$(look 'd["format"]' <"$report")" sealroom-report/1
  is "$(look 'sorted(set(r["verdict"] for r in d["requests"]) - {"accepted", "refused"})' <"$report")" "[]"
  is "$(look '[f for r in d["requests"] for f in r["findings"] if sorted(f) != ["detail", "id"]]' <"$report")" "[]"
done

step "the log: one entry a line, numbered, chained, canonical"
expect_exit 0 sealroom audit show --json
python3 - <<'E'
import hashlib, json
previous = None
for number, line in enumerate(open("stdout", "rb").read().splitlines()):
    entry = json.loads(line)
    assert entry["type"] == "sealroom-log/1" and entry["seq"] == number, number
    assert json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() == line, number
    assert previous is None or entry["prev"] == previous, number
    previous = hashlib.sha256(line).hexdigest()
assert number > 30
E
expect_exit 0 sealroom audit show --json --from 5
is "$(head -n 1 stdout | look 'd["seq"]')" 5
expect_exit 0 sealroom audit show --json --batch "$batch"
[ -s stdout ] || fail "no entries of batch $batch"

step "errors leave stdout empty"
for command in "batch show B-20000101-0001" "certificate show 00" "issuer show nobody" "sign $batch/nobody" "surprise" "status surprise" \
  "export B-20000101-0001 $medium" "import nowhere" "--surprise" "certificate show" "audit show --from x"; do
  code=0
  sealroom --json $command >stdout 2>stderr </dev/null || code=$?
  [ "$code" = 1 ] || [ "$code" = 2 ] || fail "exit code $code: $command"
  [ ! -s stdout ] || fail "output in spite of an error: $command"
  grep -q '^sealroom: error: ' stderr || fail "no error line: $command"
done
document sealroom-lock/1 0 lock
expect_exit 0 sealroom --help
expect_exit 0 sealroom audit export --help
says "sealroom audit export MEDIUM"
expect_exit 0 sealroom --version
stop_daemon
echo "json: ok"
