#!/usr/bin/env bash
# The log gets a new key: rotated while the old one can sign for it, replaced when it is lost. What was signed before
# stays valid, and auditors with the oldest key, with the newest, or with none are each told what is true.
. "$(dirname "$0")/lib/session.sh" "$@"

page=$tests/../../docs/audit-log.md
verify() { "$bin/sealroom-verify" "$@"; }
# result RESULT CODE ARGUMENTS...
result() {
  local result=$1 code=$2
  shift 2
  expect_exit "$code" verify "$@" --json
  is "$(look 'd["result"]' <stdout)" "$result" "result of: $*"
}
# one NAME: a request, imported, signed and exported to $out.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
  expect_exit 0 sealroom process "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
  out=$medium/issued/$batch
}
# whole_log: exports it to $log.
whole_log() {
  expect_exit 0 sealroom audit export "$medium" --json
  log=$(look 'd["folder"]' <stdout)
}
fingerprint_of() { openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1; }
ids() { look '[f["id"] for f in d["findings"]]' <stdout; }

step "a batch under the first key"
open_home
root=$work/root.pem
sealroom issuer show root --json | look 'd["chain_pem"]' >"$root"
one first
cp "$out/audit/log-key.pem" oldest.pem
cp "$out/audit/checkpoint" kept
[ ! -e "$out/audit/log-keys.jsonl" ] || fail "changes of a key that did not change"
first=$out
mkdir early
expect_exit 0 sealroom backup "$work/early"

step "who cannot rotate: nobody while the key is locked, and nobody replaces a key that is there"
sealroom lock log >/dev/null
refuses 4 "the token of log is locked" sealroom audit rotate-key
refuses 2 "only when it is lost" sealroom audit replace-key
refuses 2 "only when it is lost" sealroom audit replace-key --reason "tidying up"
expect_exit 2 sealroom audit replace-key --lost --reason "tidying up"
complains "this token holds the log's key: it is not lost"
expect_exit 0 sealroom unlock log
refuses 2 "the log's key is unlocked: it is not lost" sealroom audit replace-key --lost --reason "tidying up"
is "$(events log.key-replaced)$(events key.generating)" 03

step "rotated: an entry that both keys signed, and the next checkpoint has the new signature"
expect_exit 0 sealroom audit rotate-key
says "the log's key is rotated"
says "was  $(fingerprint_of oldest.pem)"
is "$(events log.key-rotated)" 1
expect_exit 0 sealroom audit verify
says "its signature verifies"
rm -rf "$medium/requests"
for name in a b; do server_csr "$medium/requests/intermediate/server_cert/$name.csr" "$name.example.com"; done
make_csr "$medium/requests/intermediate/server_cert/nameless.csr" /CN=nameless
expect_exit 3 sealroom process "$medium" --json
out=$medium/issued/$(look 'd["batch"]' <stdout)
second=$out
csplit -sz -f key. -b %d.pem "$out/audit/log-key.pem" /BEGIN/ '{*}'
cmp -s key.1.pem oldest.pem || fail "the first key is not the last one in log-key.pem"
newest=key.0.pem
cp "$newest" second.pem
sealroom status --json | look '[k["key"]["public_key_sha256"] for k in d["keys"] if k["owner"] == "log"][0]' >told
is "$(cat told)" "$(fingerprint_of second.pem)" "the key of the status"

step "the statement, with openssl alone"
sealroom audit show --json | grep -F '"event":"log.key-rotated"' >rotated.json
look '"sealroom-log-key/1\nrotated\n%s\n%d\n%s\n%s\n%s" % (d["details"]["origin"], d["seq"],
  __import__("base64").b64encode(bytes.fromhex(d["details"]["root"])).decode(), d["details"]["old_public_key_sha256"],
  d["details"]["public_key_sha256"])' <rotated.json >statement
for signature in old_signature:oldest.pem signature:second.pem; do
  look "d[\"details\"][\"${signature%:*}\"]" <rotated.json | base64 -d >by
  openssl dgst -sha256 -verify "${signature#*:}" -signature by statement | contains "Verified OK" || fail "$signature"
done

step "auditors with the oldest key, with the newest, with both, and with none"
whole_log
for folder in "$second" "$log"; do
  for given in "--log-key oldest.pem" "--log-key second.pem" "--log-key oldest.pem --log-key second.pem"; do
    # shellcheck disable=SC2086
    result "verified" 0 "$folder" --root "$root" $given
  done
  look 'any("rotated in entry" in line for line in d["seen"]) and d["warnings"] == []' <stdout | contains true || fail "seen"
  result "consistent, not anchored" 4 "$folder" --root "$root"
done
result "verified" 0 "$first" --root "$root" --log-key oldest.pem
result disagrees 6 "$first" --root "$root" --log-key second.pem
is "$(ids)" '["verify.log-anchor"]'
result "verified" 0 "$log" --root "$root" --log-key second.pem --since kept
result "verified" 0 "$second" --root "$root" --log-key second.pem --since "$second/audit/proofs/previous-checkpoint"
# An old export and a newer checkpoint, whose key the export cannot know.
sealroom audit prove --from "$(sed -n 2p kept)" --to "$(sed -n 2p "$second/audit/checkpoint")" >proof
result "verified" 0 "$first" --root "$root" --log-key oldest.pem --log-key second.pem \
  --since "$second/audit/checkpoint" --proof proof
result disagrees 6 "$first" --root "$root" --log-key oldest.pem --since "$second/audit/checkpoint" --proof proof
is "$(ids)" '["verify.since"]'

step "by hand, with the lines of docs/audit-log.md"
python3 - "$page" <<'END'
import re, sys
part = open(sys.argv[1]).read().split("## Check it by hand")[1].split("\n## ")[0]
for language in "bash", "python":
    open(f"by-hand.{language}", "w").write(*re.findall(rf"^```{language}\n(.*?)^```", part, re.M | re.S))
END
by_hand() { (cd "$1" && bash -euo pipefail "$work/by-hand.bash" && python3 "$work/by-hand.python"); }
for folder in "$first" "$second"; do
  expect_exit 0 by_hand "$folder"
  says "Verified OK"
  ! grep -q "Verification failure" stdout || fail "a signature"
done
expect_exit 0 by_hand "$second"
says "$(fingerprint_of oldest.pem)"
says "$(fingerprint_of second.pem)"

step "changes that somebody could make to it"
"$bin/tamper-export" "$second" "$root" second.pem 1 0
"$bin/tamper-export" "$log" "$root" oldest.pem 1 0

step "a home from the backup of before and the log of after: the new key is in force"
stop_daemon
kept_home=$home
home=$work/again
expect_exit 0 sealroom restore "$(echo "$work"/early/backup/*)" --export "$log"
cp -a "$kept_home/tokens" "$kept_home/pins" "$home/"
sed "s|^directories.tokendir = .*|directories.tokendir = $home/tokens|" "$kept_home/softhsm2.conf" >"$home/softhsm2.conf"
start_daemon
sealroom unlock --all >/dev/null 2>&1 || true # the tokens have seen the old daemon's end, which no export has
for owner in root intermediate log; do sealroom unlock "$owner" >/dev/null 2>&1 || true; done
expect_exit 0 sealroom recover --accept-gap
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit verify
says "its signature verifies"
is "$(sealroom status --json | look 'd["integrity"]')" "" "the ledger"
stop_daemon
home=$kept_home

step "another start: the new key is found on its token, and the log verifies from its beginning"
start_daemon
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit verify
one third
result "verified" 0 "$out" --root "$root" --log-key second.pem

step "rotated once more"
expect_exit 0 sealroom audit rotate-key --json
entry=$(look 'd["entry"]' <stdout)
one fourth
result "verified" 0 "$out" --root "$root" --log-key oldest.pem
look 'sum("rotated in entry" in line for line in d["seen"])' <stdout | contains 2 || fail "two rotations"
[ -e "$out/audit/proofs/log-key-$entry.proof" ] || fail "no proof of entry $entry"

step "the ledger says another key than the log: nothing is signed"
stop_daemon
ledger=$home/ledger/ledger.db
cp "$ledger" sound.db
python3 - "$ledger" <<'END'
import base64, json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
line, = database.execute("SELECT line FROM entry WHERE instr(line, CAST('log.key-rotated' AS BLOB)) LIMIT 1").fetchone()
old = base64.b64decode(json.loads(line)["details"]["old_public_key"])
database.execute("UPDATE token_key SET public_key = ? WHERE owner = 'log'", (old,))
database.commit()
END
start_daemon
expect_exit 6 sealroom unlock log
complains "the log's key is not the one that the log itself names"
stop_daemon
rm -f "$ledger-wal" "$ledger-shm"
cp sound.db "$ledger"

step "the log's token is gone for good: another one takes its place, and only people vouch for its key"
mv "$(dirname "$(grep -l sealroom-log "$home"/tokens/*/token.object)")" token.lost
sed -i 's/sealroom-log/sealroom-log2/' "$home/sealroom.yaml"
SOFTHSM2_CONF=$home/softhsm2.conf softhsm2-util --init-token --free --label sealroom-log2 --so-pin 47110815 \
  --pin "$(cat "$home/pins/sealroom-log.pin")" >/dev/null
start_daemon
expect_exit 5 sealroom unlock log
expect_exit 0 sealroom audit replace-key --lost --reason "the log's token broke on 21 November"
says "replaced, without the old one's signature"
says "now: sealroom unlock log"
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit verify
says "its signature verifies"
one fifth
csplit -sz -f last. -b %d.pem "$out/audit/log-key.pem" /BEGIN/ '{*}'
whole_log
for folder in "$out" "$log"; do
  expect_exit 0 verify "$folder" --root "$root" --log-key last.0.pem
  says "WARNING: the log's key was replaced in entry"
  says "because: the log's token broke on 21 November"
  result "consistent, not anchored" 4 "$folder" --root "$root"
  for given in "--log-key oldest.pem" "--log-key last.1.pem"; do
    # shellcheck disable=SC2086
    result disagrees 6 "$folder" --root "$root" $given
    is "$(ids)" '["verify.log-anchor"]'
  done
done
result verified 0 "$log" --root "$root" --log-key last.0.pem --since kept
expect_exit 0 by_hand "$out"

step "the disk dies after that: no copy leads to the new key, so a person vouches for it, and the log says so for ever"
sealroom lock >/dev/null
stop_daemon
kept_home=$home
home=$work/vouched
early=$(echo "$work"/early/backup/*)
expect_exit 6 sealroom restore "$early" --export "$log"
complains "verify.log-anchor"
complains "--log-key"
expect_exit 6 sealroom restore "$early" --export "$log" --log-key last.1.pem
expect_exit 2 sealroom restore "$early" --log-key last.0.pem
expect_exit 2 sealroom restore "$early" --export "$log" --log-key "$root"
[ ! -e "$home" ] || fail "a home was made"
expect_exit 0 sealroom restore "$early" --export "$log" --log-key last.0.pem
says "you vouch for the log key $(fingerprint_of last.0.pem)"
cp -a "$kept_home/tokens" "$kept_home/pins" "$home/"
cp "$kept_home/sealroom.yaml" "$home/sealroom.yaml"
sed "s|^directories.tokendir = .*|directories.tokendir = $home/tokens|" "$kept_home/softhsm2.conf" >"$home/softhsm2.conf"
start_daemon
for owner in root intermediate log; do sealroom unlock "$owner" >/dev/null 2>&1 || true; done
expect_exit 0 sealroom recover --accept-gap
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit verify
one sixth
result verified 0 "$out" --root "$root" --log-key last.0.pem
whole_log
expect_exit 0 verify "$log" --root "$root" --log-key last.0.pem
says "under the log key $(fingerprint_of last.0.pem), for which people alone vouched"
sealroom audit show --json | grep -F '"event":"ledger.restored"' >restored.json
is "$(look 'd["details"]["vouched"]' <restored.json)" "[\"$(fingerprint_of last.0.pem)\"]"

sealroom lock >/dev/null
stop_daemon
echo "rotate: ok"
