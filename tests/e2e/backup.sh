#!/usr/bin/env bash
# A disk that dies: the ledger comes back from a backup and from what was exported later, tokens say what is missing, and a
# person accepts it. Backups that were damaged, mixed up or interrupted make no home.
. "$(dirname "$0")/lib/session.sh" "$@"

ledger() { echo "$home/ledger/ledger.db"; }

# one NAME: a request, imported, signed and exported; its batch.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
  expect_exit 0 sealroom process "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
}

# give_tokens [FROM]: what is left of the appliance whose disk died; a token does not die with it.
give_tokens() {
  cp -a "${1:-tokens.kept}/tokens" tokens.kept/pins "$home/"
  sed "s|^directories.tokendir = .*|directories.tokendir = $home/tokens|" tokens.kept/softhsm2.conf >"$home/softhsm2.conf"
}

verify() { "$bin/sealroom-verify" "$@" --root "$work/root.pem" --log-key "$work/log-key.pem"; }

# query DATABASE SQL: the rows of the answer, a line each.
query() {
  python3 -c 'import sqlite3, sys
for row in sqlite3.connect(f"file:{sys.argv[1]}?immutable=1", uri=True).execute(sys.argv[2]): print(*row)' "$@"
}

step "a home with a certificate; nobody has made a backup"
open_home
opening=$(find "$work" -maxdepth 1 -name 'ceremony.*' -type d)
cp "$(find "$opening" -path '*0001/ca/root.cert.pem')" root.pem
cp "$(find "$opening" -path '*0001/audit/log-key.pem')" log-key.pem
one first
first=$batch
expect_exit 0 sealroom status
says "last backup: never"
is "$(sealroom status --json | look 'd["backup"]')" null

step "a medium that is full, read-only or not there: no backup is counted, and nothing half is left"
expect_exit 2 sealroom backup "$work/nowhere"
if [ "$(id -u)" = 0 ] && mkdir tiny && mount -t tmpfs -o size=64k tmpfs tiny 2>/dev/null; then
  mounts+=("$work/tiny")
  expect_exit 1 sealroom backup "$work/tiny"
  complains "the medium is full"
  is "$(find tiny -mindepth 1)" "" "what is left"
  mount -o remount,ro tiny
  expect_exit 1 sealroom backup "$work/tiny"
  complains "read-only"
  umount tiny
else
  skip "a full medium: not root, or no tmpfs"
fi
is "$(events backup.written)" 0 "backups"
expect_exit 0 sealroom status
says "last backup: never"
[ ! -e "$home/run/backup" ] || fail "the copy is left in the home"

step "a backup needs no token"
expect_exit 0 sealroom lock
expect_exit 0 sealroom backup "$medium" --json
backup=$(look 'd["folder"]' <stdout)
expect_exit 0 sealroom status
says "last backup: 0 h ago"
(cd "$backup" && sha256sum --strict --quiet -c SHA256SUMS)
is "$(cd "$backup" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
  "./SHA256SUMS ./checkpoint ./issuers/intermediate.cnf ./issuers/root.cnf ./ledger.db ./log-key.pem ./sealroom.yaml " files
cmp -s "$backup/log-key.pem" log-key.pem || fail "another log key"
[ -z "$(find "$medium/backup" -name '*.partial')" ] || fail "a partial backup is left"
for pin in "$home"/pins/*; do
  ! grep -rqF "$(cat "$pin")" "$backup" || fail "the backup holds the PIN in $pin"
done
is "$(query "$backup/ledger.db" "PRAGMA integrity_check")" ok

step "killed in the middle: the medium has no backup, and the next one is whole"
expect_exit 0 sealroom unlock --all
if command -v strace >/dev/null; then
  sleep 1
  code=0
  setsid -w strace -f -qq -o /dev/null -e trace=syncfs -e inject=syncfs:signal=KILL "$bin/sealroom" --home "$home" \
    backup "$medium" >stdout 2>stderr || code=$?
  [ "$code" != 0 ] || fail "it was not killed"
  is "$(find "$medium/backup" -mindepth 1 -maxdepth 1 ! -name '*.partial')" "$backup" "complete backups"
  expect_exit 1 sealroom --home "$work/none" restore "$(echo "$medium"/backup/*.partial)"
  complains "is not a complete backup"
  rm -rf "$medium"/backup/*.partial
  is "$(events backup.written)" 1 "backups that are complete"
  touch "$home/run/backup"
  kill_daemon
  start_daemon
  [ ! -e "$work/none" ] || fail "a home was made of half a backup"
else
  skip "a kill in the middle: strace is not there"
fi

step "life goes on: one batch is imported before the backup and signed after it, another comes later"
expect_exit 0 sealroom unlock --all
rm -rf "$medium/requests"
client_csr "$medium/requests/intermediate/client_cert/waiting.csr" waiting
cp "$medium/requests/intermediate/client_cert/waiting.csr" waiting.csr
expect_exit 0 sealroom import "$medium" --json
waiting=$(look 'd["batch"]' <stdout)
sleep 1
expect_exit 0 sealroom backup "$medium" --json
newer=$(look 'd["folder"]' <stdout)
expect_exit 0 sealroom audit verify
expect_exit 0 sealroom sign "$waiting"
expect_exit 0 sealroom export "$waiting" "$medium"
one later
later=$batch
cp "$medium/requests/intermediate/client_cert/later.csr" later.csr
expect_exit 0 sealroom audit export "$medium"
log=$(echo "$medium"/audit/log-*)
size=$(wc -l <"$log/log.jsonl")
one lost
lost=$batch
serial=$(sealroom certificate list --json | look 'd["certificates"][-1]["serial"]')
stop_daemon
old=$home
mkdir tokens.kept
cp -a "$home/tokens" "$home/pins" "$home/softhsm2.conf" tokens.kept/
cp "$(ledger)" dead.db

step "backups that are no backups make no home"
home=$work/none
# not_a_backup MESSAGE FOLDER [CODE]: nothing is made of it.
not_a_backup() {
  expect_exit "${3:-1}" sealroom restore "$2"
  complains "$1"
  [ ! -e "$home" ] && [ ! -e "$home.partial" ] || fail "something was made of $2"
}
# spoiled: a copy of the backup to be spoiled; sums_again: with right sums over it.
spoiled() { rm -rf bad && cp -a "$newer" bad && chmod -R u+w bad; }
sums_again() { (cd bad && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS); }
not_a_backup "is not a complete backup" "$medium/issued/$first"
spoiled && sed -i "s/daemon.started/daemon.starter/" bad/ledger.db
not_a_backup "not the ones in its SHA256SUMS" bad
sums_again
not_a_backup "sealroomd: error: " bad 6
spoiled && rm bad/issuers/root.cnf
not_a_backup "not the ones in its SHA256SUMS" bad
sums_again
not_a_backup "root" bad 2
spoiled && rm bad/SHA256SUMS
not_a_backup "not the ones in its SHA256SUMS" bad
spoiled && mv bad/ledger.db there.db && ln -s "$work/there.db" bad/ledger.db
not_a_backup "is neither a file nor a folder" bad
spoiled && echo more >bad/more && sums_again
not_a_backup "more does not belong to a backup" bad
spoiled && sed -i 's/^  origin: .*/  origin: another-appliance/' bad/sealroom.yaml && sums_again
not_a_backup "the ledger is of the log" bad 6
spoiled && echo 'idle_lock_minutes: 20' >>bad/sealroom.yaml && sums_again
not_a_backup "the configuration is not the one that was in force" bad 6
spoiled && python3 -c 'import sqlite3; d = sqlite3.connect("bad/ledger.db"); d.execute("PRAGMA user_version = 99"); d.commit(); d.close()'
rm -f bad/ledger.db-*
sums_again
not_a_backup "newer than" bad 6
spoiled && cp dead.db bad/ledger.db && sums_again
not_a_backup "newest entry is not the one of its backup" bad 6
expect_exit 2 sealroom --home "$old" restore "$newer"
complains "exists already and is not empty"
expect_exit 2 sealroom restore
expect_exit 2 sealroom restore --export "$medium/issued/$first"

step "killed in the middle: nothing has the home's name, and the next one clears it away"
if command -v strace >/dev/null; then
  code=0
  setsid -w strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=3 "$bin/sealroom" --home "$home" \
    restore "$newer" >stdout 2>stderr || code=$?
  [ "$code" != 0 ] || fail "it was not killed"
  [ ! -e "$home" ] || fail "half a home is there"
  [ -e "$home.partial" ] || fail "nothing was begun"
else
  skip "a kill in the middle: strace is not there"
fi

step "the disk died: from the backup alone"
expect_exit 0 sealroom restore "$newer"
says "restored from backup"
[ ! -e "$home.partial" ] || fail "the partial home is left"
is "$(stat -c %a "$home" "$home/ledger" "$(ledger)" "$home/sealroom.yaml" | tr '\n' ' ')" "711 700 600 644 " modes
give_tokens
start_daemon
is "$(events ledger.restored)" 1 "ledger.restored"
expect_exit 0 sealroom status
is "$(sealroom batch show "$waiting" --json | look 'd["report"]["requests"][0]["state"]')" expired "what may have been signed since"
for token in log root intermediate; do
  expect_exit 6 sealroom unlock "$token"
  complains "nothing is signed"
done
expect_exit 6 sealroom status
says "this ledger was restored from backup"
expect_exit 6 sealroom sign "$waiting"
expect_exit 6 sealroom recover
complains "--accept-gap"
stop_daemon

step "exports of batches that this log never had are brought into it"
expect_exit 6 sealroom restore --export "$log"
complains "this log has gone on by itself"
cp -a "$medium/issued/$later" changed
chmod -R u+w changed
printf x >>"changed/intermediate/client_cert/later.cert.pem"
expect_exit 6 sealroom restore --export changed
complains "the export does not verify"
start_daemon
expect_exit 1 sealroom restore --export "$medium/issued/$later"
complains "a daemon is running"
stop_daemon
expect_exit 0 sealroom restore --export "$medium/issued/$waiting" --export "$medium/issued/$later" --json
is "$(look '[(b["batch"], b["certificates"], b["in_log"]) for b in d["batches"]]' <stdout)" \
  "[[\"$waiting\", 1, false], [\"$later\", 1, false]]"
[ ! -e "$home/run/exports" ] || fail "the exports are left in the home"
expect_exit 0 sealroom restore --export "$medium/issued/$later" --json
is "$(look 'd["batches"][0]["certificates"]' <stdout)" 0 "certificates the second time"
start_daemon
expect_exit 0 sealroom recover --accept-gap
says "accepted: the token of log"
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom status
is "$(sealroom certificate list --json | look 'sorted(c["name"] for c in d["certificates"])[-3:]')" '["later", "root", "waiting"]'
expect_exit 1 sealroom export "$later" "$(mktemp -d "$work/again.XXXX")"
complains "use the export that it came back from"

step "what came back is known: the same request is refused, its key again is a renewal; and no name of a batch is given twice"
elsewhere=$(mktemp -d "$work/elsewhere.XXXX")
mkdir -p "$elsewhere/requests/intermediate/client_cert"
openssl req -new -key "$keys/later.csr.key" -subj "/CN=later" -out "$elsewhere/requests/intermediate/client_cert/later2.csr"
cp later.csr "$elsewhere/requests/intermediate/client_cert/later.csr"
expect_exit 3 sealroom process "$elsewhere" --json
cp stdout report
is "$(verdict intermediate/client_cert/later2.csr report)" accepted
look '[f["id"] for r in d["requests"] for f in r["findings"]]' <report | contains key.renewal || fail "it is no renewal"
refused_for intermediate/client_cert/later.csr request.already-issued report
batch=$(look 'd["batch"]' <report)
is "${batch##*-}" 5001 "the batch's number"
expect_exit 0 verify "$elsewhere/issued/$batch"
expect_exit 0 sealroom audit verify
out=$(mktemp -d "$work/whole.XXXX")
expect_exit 0 sealroom audit export "$out"
expect_exit 0 verify "$out"/audit/log-*
says "restored from a backup 1 time(s)"
says "3 gap(s) were accepted"
expect_exit 6 verify "$out"/audit/log-* --since "$medium/issued/$lost/audit/checkpoint"
stop_daemon
alone=$home

step "that disk dies too: what came back the first time is asked for again, and is nobody's plan meanwhile"
home=$work/second
expect_exit 0 sealroom restore "$newer" --export "$out"/audit/log-* --json
is "$(look 'sorted(m["batch"] for m in d["missing"] if m["state"] == "issued") == sorted(["'"$waiting"'", "'"$later"'", "'"$batch"'"])' <stdout)" true
give_tokens "$alone"
start_daemon
is "$(sealroom batch show "$waiting" --json | look 'd["report"]["requests"][0]["state"]')" abandoned "what came back before"
for token in log root intermediate; do expect_exit 6 sealroom unlock "$token"; done
expect_exit 0 sealroom recover --accept-gap --json
is "$(look 'd["burned"]' <stdout)" "[]" "what has its outcome in the log"
expect_exit 0 sealroom unlock --all
expect_exit 3 sealroom batch replan "$waiting" --json
refused_for intermediate/client_cert/waiting.csr request.already-issued stdout
expect_exit 0 sealroom audit verify
stop_daemon
expect_exit 0 sealroom restore --export "$medium/issued/$waiting" --export "$medium/issued/$later" \
  --export "$elsewhere/issued/$batch" --json
is "$(look '[(b["certificates"], b["in_log"]) for b in d["batches"]]' <stdout)" "[[1, false], [1, false], [1, true]]"
is "$(look 'd["missing"]' <stdout)" "[]"
start_daemon
expect_exit 0 sealroom unlock --all
elsewhere=$(mktemp -d "$work/elsewhere.XXXX")
mkdir -p "$elsewhere/requests/intermediate/client_cert"
cp later.csr waiting.csr "$elsewhere/requests/intermediate/client_cert/"
expect_exit 3 sealroom import "$elsewhere" --json
cp stdout report
for name in later waiting; do refused_for "intermediate/client_cert/$name.csr" request.already-issued report; done
is "$(look 'd["batch"].rpartition("-")[2]' <report)" 10002 "the batch's number"
expect_exit 0 sealroom audit verify
whole=$(mktemp -d "$work/whole.XXXX")
expect_exit 0 sealroom audit export "$whole"
expect_exit 0 verify "$whole"/audit/log-*
says "restored from a backup 2 time(s)"
expect_exit 0 verify "$whole"/audit/log-* --since "$(echo "$out"/audit/log-*/checkpoint)"
stop_daemon

step "the disk died: the backup, and the log that was exported later, entry by entry as it was"
home=$work/most
expect_exit 0 sealroom restore "$newer" --export "$log" --export "$medium/issued/$later" --json
is "$(look '[b["in_log"] for b in d["batches"]]' <stdout)" "[true]"
is "$(look '[(m["batch"], m["state"]) for m in d["missing"]]' <stdout)" "[[\"$waiting\", \"issued\"]]"
entries="SELECT seq, batch, CAST(line AS TEXT) FROM entry WHERE seq < $size ORDER BY seq"
query "$(ledger)" "$entries" >came-back
query dead.db "$entries" | cmp - came-back || fail "other entries came back"
sizes="SELECT size, note FROM checkpoint WHERE size <= $size ORDER BY size"
is "$(query "$(ledger)" "$sizes")" "$(query dead.db "$sizes")" checkpoints
give_tokens
start_daemon
is "$(sealroom batch show "$waiting" --json | look 'd["report"]["requests"][0]["state"]')" abandoned "what only the log knows"
is "$(sealroom recover --json | look 'd["burned"]')" "[]" "what has its outcome in the log"
stop_daemon
expect_exit 0 sealroom restore --export "$medium/issued/$waiting" --json
is "$(look '[(b["certificates"], b["in_log"]) for b in d["batches"]]' <stdout)" "[[1, true]]"
is "$(look 'd["missing"]' <stdout)" "[]"
start_daemon
for token in log root intermediate; do expect_exit 6 sealroom unlock "$token"; done
expect_exit 0 sealroom recover --accept-gap
expect_exit 0 sealroom unlock --all
for batch in "$waiting" "$later"; do
  out=$(mktemp -d "$work/out.XXXX")
  expect_exit 0 sealroom export "$batch" "$out"
  expect_exit 0 verify "$out/issued/$batch"
  cmp "$out/issued/$batch/intermediate/client_cert/"*.cert.pem "$medium/issued/$batch/intermediate/client_cert/"*.cert.pem
done
one after
expect_exit 0 verify "$medium/issued/$batch"
expect_exit 1 sealroom certificate show "$serial"
expect_exit 0 sealroom audit verify
out=$(mktemp -d "$work/whole.XXXX")
expect_exit 0 sealroom audit export "$out"
expect_exit 0 verify "$out"/audit/log-*
expect_exit 0 verify "$out"/audit/log-* --since "$log/checkpoint"
stop_daemon

step "a batch that only the log knows is named, and its name is not given again"
home=$work/named
expect_exit 0 sealroom restore "$backup" --export "$log"
says "MISSING: serial"
says "bring issued/$later"
give_tokens
start_daemon
expect_exit 1 sealroom batch show "$later"
complains "only the log knows it"
is "$(events restore.incomplete)" 1
stop_daemon

step "disk and tokens were both put back to an earlier state: nothing on the appliance can tell"
home=$alone
cp -a "$home" "$work/both"
start_daemon
expect_exit 0 sealroom unlock --all
one forgotten
kept=$(mktemp -d "$work/kept.XXXX")
expect_exit 0 sealroom audit export "$kept"
stop_daemon
home=$work/both
sed -i "s|^directories.tokendir = .*|directories.tokendir = $home/tokens|" "$home/softhsm2.conf"
start_daemon
expect_exit 0 sealroom unlock --all
one instead
out=$(mktemp -d "$work/out.XXXX")
expect_exit 0 sealroom audit export "$out"
expect_exit 0 verify "$out"/audit/log-*
expect_exit 6 verify "$out"/audit/log-* --since "$(echo "$kept"/audit/log-*/checkpoint)"
stop_daemon

step "a token is dead and the disk is fine: the daemon says so, the others go on"
mv "$home/tokens" tokens.all
mkdir -m 700 "$home/tokens"
for token in tokens.all/*; do
  grep -qa sealroom-root "$token/token.object" || cp -a "$token" "$home/tokens/"
done
start_daemon
expect_exit 0 sealroom status
says "the token of root cannot be used"
expect_exit 5 sealroom unlock root
expect_exit 0 sealroom unlock intermediate log
one without-root
expect_exit 0 verify "$medium/issued/$batch"
stop_daemon
echo "backup: ok"
