#!/usr/bin/env bash
# An import of some thousand requests: neither program grows with it, and one processor decides as many do. The issue of
# 100,000 is measured by scripts/bench.
. "$(dirname "$0")/lib/session.sh" "$@"

small=1500 large=5000
sanitized=
if ldd "$bin/sealroomd" | contains libasan; then sanitized=yes small=60 large=400; fi

# medium_of COUNT: $medium with COUNT requests, of which every fifth key asks twice, and some that are refused.
medium_of() {
  medium=$work/medium-$1
  local folder=$medium/requests/intermediate/server_cert
  mkdir -p "$folder"
  "$bin/make-requests" "$folder" "$1" ec:P-256 $(($1 * 4 / 5))
  cp "$folder/000007.csr" "$folder/a-copy.csr"
  head -c 300 "$folder/000008.csr" >"$folder/000008-torn.csr"
  touch "$folder/empty.csr" "$folder/.hidden" "$folder/note.txt"
  mkdir -p "$medium/requests/intermediate/client_cert" "$medium/requests/elsewhere/leaf"
  cp "$folder/000009.csr" "$medium/requests/elsewhere/leaf/x.csr"
  cp "$folder/000010.csr" "$medium/requests/intermediate/client_cert/again.csr"
}

# import_medium REPORT: its report goes to REPORT; $client_peak and $daemon_peak are KiB.
import_medium() {
  client_peak=$(python3 -c '
import resource, subprocess, sys
with open(sys.argv[1], "w") as report:
    code = subprocess.run(sys.argv[2:], stdout=report, stdin=subprocess.DEVNULL).returncode
assert code == 3, code
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$1" "$bin/sealroom" --home "$home" import "$medium" --json)
  daemon_peak=$(awk '/^VmHWM:/ { print $2 }' "/proc/${daemon[$home]}/status")
}

open_home

step "memory does not grow with the import: at most 2 KiB a request, where 100,000 in 256 MiB leave 2.6"
medium_of $small
import_medium small.json
before_client=$client_peak before_daemon=$daemon_peak
medium_of $large
import_medium large.json
echo "of $small: $before_client and $before_daemon KiB; of $large: $client_peak and $daemon_peak KiB (sealroom, sealroomd)"
allowed=$(((large - small) * 2))
if [ -z "$sanitized" ]; then
  [ $((client_peak - before_client)) -le $allowed ] || fail "sealroom grew by $((client_peak - before_client)) KiB"
  [ $((daemon_peak - before_daemon)) -le $allowed ] || fail "sealroomd grew by $((daemon_peak - before_daemon)) KiB"
fi

step "everything is in the report, in octet order of the paths"
is "$(look 'len(d["requests"])' <large.json)" $((large + 4)) "requests"
is "$(look 'sum(r["verdict"] == "accepted" for r in d["requests"])' <large.json)" $large "accepted"
is "$(look '[r["file"] for r in d["requests"]] == sorted(r["file"] for r in d["requests"])' <large.json)" true "order"
is "$(look '[i["file"] for i in d["ignored"]]' <large.json)" \
  '["elsewhere/leaf/x.csr", "intermediate/server_cert/.hidden", "intermediate/server_cert/note.txt"]' "ignored"
is "$(verdict intermediate/server_cert/a-copy.csr large.json)" request.duplicate
is "$(verdict intermediate/server_cert/000010.csr large.json)" request.duplicate
is "$(verdict intermediate/server_cert/000008-torn.csr large.json)" request.pem-header
is "$(verdict intermediate/server_cert/empty.csr large.json)" media.empty
batch=$(look 'd["batch"]' <large.json)
sealroom batch show "$batch" --json >shown.json
is "$(look 'd["report"]["requests"]' <shown.json | sha256sum)" "$(look 'd["requests"]' <large.json | sha256sum)" "batch show"

step "one processor gives the same verdicts, findings and order as all of them"
stop_daemon
first_processor=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
start_daemon taskset -c "$first_processor"
import_medium one.json
same='[[r["file"], r["verdict"], r.get("sha256"), r.get("subject"), r.get("asked"), [f["id"] for f in r["findings"]]] for r in d["requests"]]'
is "$(look "$same" <one.json | sha256sum)" "$(look "$same" <large.json | sha256sum)" "verdicts"

step "a verification of all of it holds nobody up, and ends with the daemon"
sealroom audit verify >/dev/null 2>&1 &
client=$!
sealroom audit show --batch "$batch" >/dev/null
sealroom certificate list >/dev/null
kill -0 "$client" || fail "the verification was over before the answers came"
stop_daemon
code=0
wait "$client" || code=$?
is "$code" 1 "exit code of the verification that was stopped"
start_daemon
is "$(sealroom status --json | look 'd["integrity"], "verified" in d')" '["", false]' "what is known of the ledger"

step "an import that is killed leaves no batch and no file behind"
batches=$(sealroom batch list --json | look 'len(d["batches"])')
setsid -w "$bin/sealroom" --home "$home" import "$medium" >/dev/null 2>&1 </dev/null &
client=$!
for _ in $(seq 500); do
  if [ -n "$(find "/proc/${daemon[$home]}/fd" -lname '*/run/upload (deleted)')" ]; then break; fi
  sleep 0.01
done
kill_daemon
wait "$client" || true
[ ! -e "$home/run/upload" ] || fail "an upload was left"
start_daemon
is "$(sealroom batch list --json | look 'len(d["batches"])')" "$batches" "batches"
sealroom audit verify >/dev/null
stop_daemon
