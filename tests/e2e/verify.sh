#!/usr/bin/env bash
# An auditor, months later: sealroom-verify over exported batches and the whole log, with and without anchors; the way
# without any program of ours, as docs/audit-log.md has it; and several thousand changes, none of which may pass.
. "$(dirname "$0")/lib/session.sh" "$@"

page=$tests/../../docs/audit-log.md
octets=${SEALROOM_TAMPER_OCTETS:-1000}
seed=${SEALROOM_TAMPER_SEED:-$RANDOM}

verify() { "$bin/sealroom-verify" "$@"; }
# result RESULT CODE ARGUMENTS...
result() {
  local result=$1 code=$2
  shift 2
  expect_exit "$code" verify "$@" --json
  is "$(look 'd["result"]' <stdout)" "$result" "result of: $*"
}

step "a ceremony; then a batch with good and bad requests"
open_home
opening=$(find "$work" -maxdepth 1 -name 'ceremony.*' -type d)
requests=$medium/requests/intermediate
server_csr "$requests/server_cert/a.csr" a.example.com
server_csr "$requests/server_cert/b.csr" b.example.com
client_csr "$requests/client_cert/sensor.csr" sensor
make_csr "$requests/server_cert/nameless.csr" /CN=nameless
echo "not a request" >"$requests/server_cert/letter.csr"
expect_exit 3 sealroom process "$medium" --json
batch=$(look 'd["batch"]' <stdout)
out=$medium/issued/$batch
root=$work/root.pem key=$work/log-key.pem
cp "$(find "$opening" -path '*0001/ca/root.cert.pem')" "$root"
cp "$(find "$opening" -path '*0001/audit/log-key.pem')" "$key"
kept=$(find "$opening" -path '*0001/audit/checkpoint')

step "every export verifies, with anchors; without them it is consistent and no more"
for folder in "$opening"/issued/* "$out"; do
  result "verified" 0 "$folder" --root "$root" --log-key "$key"
  result "consistent, not anchored" 4 "$folder"
  result "consistent, not anchored" 4 "$folder" --root "$root"
  result "consistent, not anchored" 4 "$folder" --log-key "$key"
done
expect_exit 0 verify "$out" --root "$root" --log-key "$key"
says "batch $batch"
says "3 certificate(s): rules, chain, dates, plan, files, and the proof that the log issued each"
tail -n 1 stdout | contains verified || fail "the last line"
expect_exit 4 verify "$out"
says "give the root certificate that you trust with --root"

step "the whole log"
expect_exit 0 sealroom audit export "$medium"
log=$(echo "$medium"/audit/log-*)
(cd "$log" && sha256sum --strict --quiet -c SHA256SUMS)
cmp -s <(sealroom audit show --json | head -n "$(wc -l <"$log/log.jsonl")") "$log/log.jsonl" || fail "another log went out"
cmp -s "$log/config"/*/issuers/root.cnf "$home/issuers/root.cnf" || fail "another configuration went out"
result "verified" 0 "$log" --root "$root" --log-key "$key"
result "consistent, not anchored" 4 "$log"

step "an anchor that is another's, and one that is none"
openssl ecparam -name prime256v1 -genkey -noout | openssl pkey -pubout -out other.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$keys/other.key" -subj /CN=Other \
  -addext keyUsage=keyCertSign -out other-root.pem 2>/dev/null
for folder in "$out" "$log"; do
  result disagrees 6 "$folder" --root "$root" --log-key other.pem
  is "$(look '[f["id"] for f in d["findings"]]' <stdout)" '["verify.log-anchor"]'
  result disagrees 6 "$folder" --root other-root.pem --log-key "$key"
  look '{f["id"] for f in d["findings"]} == {"verify.root-anchor"}' <stdout | contains true || fail "another root"
  result verified 0 "$folder" --root other-root.pem --root "$root" --log-key other.pem --log-key "$key"
done
expect_exit 2 verify "$out" --root "$out/ca/intermediate.cert.pem"
complains "is not a root"
expect_exit 2 verify "$out" --log-key "$root"
complains "holds no public key"
expect_exit 2 verify "$out" --log-key "$work/missing"
expect_exit 2 verify "$out" --surprise
expect_exit 2 verify "$out" "$log"
expect_exit 1 verify "$work/missing"
complains "sealroom-verify: error: "
expect_exit 1 verify "$keys"
complains "neither the export of a batch nor one of the log"

step "a checkpoint that was kept from before"
result verified 0 "$log" --root "$root" --log-key "$key" --since "$kept"
result verified 0 "$out" --root "$root" --log-key "$key" --since "$out/audit/proofs/previous-checkpoint"
result disagrees 6 "$out" --root "$root" --log-key "$key" --since "$kept"
from=$(sed -n 2p "$kept") to=$(sed -n 2p "$out/audit/checkpoint")
look 'd["findings"][0]["detail"]' <stdout | contains "sealroom audit prove --from $from --to $to" || fail "no way on is named"
sealroom audit prove --from "$from" --to "$to" >proof
result verified 0 "$out" --root "$root" --log-key "$key" --since "$kept" --proof proof
sed 's/^to .*/to 7/' proof >other-proof
result disagrees 6 "$out" --root "$root" --log-key "$key" --since "$kept" --proof other-proof
expect_exit 2 verify "$out" --proof proof
result verified 0 "$(find "$opening" -path '*issued/*0001' -type d)" --root "$root" --log-key "$key" --since "$kept"

step "proofs of any entry, and between any two sizes"
size=$(wc -l <"$log/log.jsonl")
for entry in 0 7 $((size - 1)); do
  sealroom audit prove --entry "$entry" >entry.proof
  is "$(sed -n 2p entry.proof)" "index $entry"
  cmp -s <(sed '1,/^$/d' entry.proof) "$log/checkpoint" || fail "the proof has another checkpoint"
done
is "$(sealroom audit prove --from 3 --to 11 | sed -n 2,3p | paste -sd ' ')" "from 3 to 11"
is "$(sealroom audit prove --entry 2 --to "$from" --json | look 'd["format"]')" sealroom-proof/1
expect_exit 2 sealroom audit prove --entry "$((size + 1000))"
expect_exit 2 sealroom audit prove --entry 2 --to 3
complains "there is no checkpoint of 3 entries"
expect_exit 2 sealroom audit prove --from 11 --to 3
expect_exit 2 sealroom audit prove --from 0 --to 3
expect_exit 2 sealroom audit prove --from 1 --entry 1
expect_exit 2 sealroom audit prove

step "a plan"
digest=$(sealroom batch show "$batch" --json | look 'd["plans"][0]["digest"]')
expect_exit 0 verify plan "$out"
says "plan $batch/intermediate"
says "digest        $digest"
says "certificates  3 of 5 requests"
says "refused   intermediate/server_cert/nameless.csr"
expect_exit 0 verify plan "$out/audit/plan" --json
is "$(look 'd["plans"][0]["digest"]' <stdout)" "$digest"
is "$(look '[d["plans"][0]["requests_match"], d["plans"][0]["certificates_match"]]' <stdout)" "[true, true]"
cp -r "$out/audit/plan" other-plan && chmod -R u+w other-plan
sed -i 's/nameless/harmless/' other-plan/intermediate.requests.jsonl
expect_exit 6 verify plan other-plan
says "DO NOT MATCH"
expect_exit 1 verify plan "$keys"
expect_exit 2 verify plan "$out" --root "$root"

step "by hand, with the lines of docs/audit-log.md"
python3 - "$page" <<'END'
import re, sys
part = open(sys.argv[1]).read().split("## Check it by hand")[1].split("\n## ")[0]
for language in "bash", "python":
    blocks = re.findall(rf"^```{language}\n(.*?)^```", part, re.M | re.S)
    assert len(blocks) == 1, language
    open(f"by-hand.{language}", "w").write(blocks[0])
END
[ "$(wc -l <by-hand.python)" -le 56 ] || fail "more than 56 lines of Python"
by_hand() { (cd "$1" && bash -euo pipefail "$work/by-hand.bash" && python3 "$work/by-hand.python"); }
for folder in "$opening"/issued/* "$out"; do
  expect_exit 0 by_hand "$folder"
  says "Verified OK"
  ! grep -q "Verification failure" stdout || fail "a signature"
  tail -n 1 stdout | contains "$(basename "$folder") is as the log has it" || fail "the last line"
done
says "a.cert.pem: OK"

step "by hand, it is as strict as the page says"
mend_sums() { find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS; }
# change COMMAND: the folder changed is the export as it was, but for what the command does in it
change() {
  rm -rf changed && cp -r "$out" changed && chmod -R u+w changed && (cd changed && eval "$1")
}
a=intermediate/server_cert/a
spare='h;s/.=$//;x;s/.*(.)=$/\1/;y/AEIMQUYcgkosw048/BFJNRVZdhlptx159/;H;x;s/\n//;s/$/=/'
for command in "sed -i 's/CN=a\./CN=c./' audit/entries.jsonl" "sed -i 's/\$/\r/' audit/entries.jsonl" \
  "truncate -s -1 audit/entries.jsonl" "sed -i '\$d' audit/entries.jsonl" \
  "sed -i s/a.csr/c.csr/ audit/plan/intermediate.requests.jsonl" "sed -i s/accepted/refused/ report.html" \
  "sed -i 's/days: 365/days: 999/' audit/config/sealroom.yaml" "echo >letter" "echo >audit/proofs/letter" \
  "cp audit/proofs/export.proof audit/proofs/again.proof" "rm audit/proofs/$a.proof" "rm $a.* audit/proofs/$a.proof" \
  "sed -i 1s/v1/v2/ audit/proofs/$a.proof" "sed -i -E '3{$spare}' audit/proofs/$a.proof" \
  "sed -i '2s/^/extra YQ==\n/' audit/proofs/$a.proof" "sed -i '1s/.\$/2/' audit/proofs/consistency" \
  "sed -i 's/^from /from 1/' audit/proofs/consistency" "sed -i -E '4{$spare}' audit/proofs/consistency" \
  "echo >>audit/proofs/consistency" "cp audit/checkpoint audit/proofs/previous-checkpoint" \
  "sed -i 2s/^/1/ audit/checkpoint"; do
  change "$command && mend_sums"
  expect_exit 1 by_hand changed
  result disagrees 6 changed --root "$root" --log-key "$key"
done
for command in "echo >letter" "sed -i '/proofs/d' SHA256SUMS" "sort -o SHA256SUMS SHA256SUMS"; do
  change "$command"
  expect_exit 1 by_hand changed
  result disagrees 6 changed --root "$root" --log-key "$key"
done

step "names and members that a terminal would obey, or that are no UTF-8"
escape=$'\e[31m'
change 'cp audit/plan/intermediate.json "audit/plan/$escape"$'"'\xff'"'.json
  echo >"audit/plan/$escape.json" && echo >$'"'\xff'"' && sed -i "s/\"sha256\": \"/&\\\\u001b[31m/" report.json && mend_sums'
result disagrees 6 changed --root "$root" --log-key "$key"
contains '\\xff' <stdout || fail "an octet of a name"
expect_exit 6 verify changed
! grep -q $'\e' stdout || fail "an escape reached the terminal"
says '\x1b[31m'
expect_exit 1 verify plan changed
! grep -q $'\e' stdout stderr || fail "an escape reached the terminal"

step "files of a size that nobody looks at"
change 'truncate -s 1T audit/entries.jsonl'
expect_exit 6 verify changed
says "audit/entries.jsonl: is larger than 536870912 octets"
change 'truncate -s 1T audit/plan/intermediate.leaves'
expect_exit 1 verify plan changed
complains "audit/plan/intermediate.leaves: is larger than 536870912 octets"
change 'seq 1000001 >audit/plan/intermediate.leaves'
expect_exit 1 verify plan changed
complains "has more than 1000000 lines"
rm -rf changed && cp -r "$log" changed && chmod -R u+w changed && truncate -s 1T changed/log.jsonl
expect_exit 6 verify changed
says "log.jsonl: has a line of more than 8388608 octets"

step "somebody else's signature in front of the log's, and another behind it"
other="— other.example/x $(printf 'abcd and anything' | base64)"
change "find audit -type f \( -name '*.proof' -o -name '*checkpoint' \) |
  xargs sed -i -e '/^— sealroom/{s|^|$other\n|;s|\$|\n$other|}' && mend_sums"
is "$(grep -c '^— ' changed/audit/checkpoint)" 3
expect_exit 0 by_hand changed
result verified 0 changed --root "$root" --log-key "$key"
change "sed -i '/^— sealroom/s|.*|$other|' audit/checkpoint \$(find audit -name '*.proof') && mend_sums"
expect_exit 1 by_hand changed
says "audit/checkpoint: the log's key has not signed it"

step "exported again; nobody moves the first export onto the checkpoint of the second"
mkdir "$work/other-medium"
expect_exit 0 sealroom export "$batch" "$work/other-medium"
again=$work/other-medium/issued/$batch
for folder in "$out" "$again"; do
  expect_exit 0 by_hand "$folder"
  result verified 0 "$folder" --root "$root" --log-key "$key"
done
is "$(grep -c '"event":"batch.exported"' "$again/audit/entries.jsonl")" 2
change 'cp "$again/audit/checkpoint" audit
  for proof in $(find audit -name "*.proof"); do
    sealroom audit prove --entry "$(sed -n "2s/index //p" "$proof")" >"$proof"
  done
  sealroom audit prove --from "$(sed -n "2s/from //p" audit/proofs/consistency)" >audit/proofs/consistency
  mend_sums'
result disagrees 6 changed --root "$root" --log-key "$key"
is "$(look '[f["id"] for f in d["findings"]]' <stdout)" '["verify.export-entry"]'
expect_exit 1 by_hand changed

step "a checkpoint that is newer than the export"
newer=$again/audit/checkpoint
sealroom audit prove --from "$(sed -n 2p "$log/checkpoint")" --to "$(sed -n 2p "$newer")" >proof
result disagrees 6 "$log" --root "$root" --log-key "$key" --since "$newer" --proof proof
is "$(look '[f["id"] for f in d["findings"]]' <stdout)" '["verify.since"]'
look 'd["findings"][0]["detail"]' <stdout | contains "is older, or was shortened" || fail "a shortened log"
sealroom audit prove --from "$to" --to "$(sed -n 2p "$newer")" >proof
result verified 0 "$out" --root "$root" --log-key "$key" --since "$newer" --proof proof
look 'd["seen"]' <stdout | contains "that was kept continues the one of this export" || fail "a newer checkpoint"
result disagrees 6 "$out" --root "$root" --log-key "$key" --since "$newer"

step "a certificate that is not valid yet, one with a long subject, and a batch of which nothing was issued"
new_medium() { rm -rf "$work/third" && mkdir -p "$work/third/requests/intermediate/server_cert"; }
new_medium
server_csr "$work/third/requests/intermediate/server_cert/later.csr" later.example.com
many=$(for i in {10..26}; do printf '/OU=%s-%060d' "$i" 0; done)
mkdir "$work/third/requests/intermediate/client_cert"
make_csr "$work/third/requests/intermediate/client_cert/long.csr" "/C=DE/ST=Bavaria/O=HiveMQ$many/CN=long"
expect_exit 0 sealroom process "$work/third" --not-before "$(date -u -d '+20 days' +%FT%TZ)" --json
look '[r["subject"] for r in d["requests"]]' <stdout | contains "more characters)" || fail "no subject is cut in the report"
folder=$work/third/issued/$(look 'd["batch"]' <stdout)
expect_exit 0 by_hand "$folder"
says "later.cert.pem: OK"
result verified 0 "$folder" --root "$root" --log-key "$key"
new_medium
echo "not a request" >"$work/third/requests/intermediate/server_cert/letter.csr"
expect_exit 3 sealroom process "$work/third" --json
folder=$work/third/issued/$(look 'd["batch"]' <stdout)
expect_exit 0 by_hand "$folder"
result verified 0 "$folder" --root "$root" --log-key "$key"

step "the whole log again, with all of that"
expect_exit 0 sealroom audit export "$work/third"
log=$(echo "$work/third"/audit/log-*)
result verified 0 "$log" --root "$root" --log-key "$key"

step "several thousand changes (seed $seed)"
"$bin/tamper-export" "$out" "$root" "$key" "$seed" "$octets"
"$bin/tamper-export" "$log" "$root" "$key" "$seed" "$((octets / 5))"

sealroom lock >/dev/null
stop_daemon
echo "verify: ok"
