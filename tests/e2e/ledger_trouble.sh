#!/usr/bin/env bash
# Ledgers that were damaged, cut, replaced or taken away: the daemon says so, stays up to be asked, and signs nothing.
. "$(dirname "$0")/lib/session.sh" "$@"

ledger=$home/ledger/ledger.db

# edit SQL: changes the ledger as somebody with another program would.
edit() {
  python3 - "$ledger" "$1" <<'E'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.executescript(sys.argv[2])
database.commit()
E
}

# untouched: the ledger's own file is as it was when it was damaged.
untouched() { sha256sum --quiet -c damaged || fail "the damaged ledger was changed"; }

# in_trouble MESSAGE: the daemon starts, answers, says MESSAGE, and does nothing that changes anything.
in_trouble() {
  sha256sum "$ledger" >damaged
  start_daemon
  grep -qF -- "$1" daemon.stderr || fail "the daemon does not say: $1"
  expect_exit 6 sealroom status
  says "$1"
  says "nothing is signed"
  for command in "unlock --all" "sign $batch" "import $medium" "process $medium" "export $batch $elsewhere" "recover" "backup $elsewhere"; do
    # shellcheck disable=SC2086
    expect_exit 6 sealroom $command
    [[ $command == export* ]] || complains "$1"  # it reads first, and may come upon something else that is wrong
  done
  stop_daemon
  untouched
}

step "a home with two certificates, and a copy of it"
open_home
server_csr "$medium/requests/intermediate/server_cert/broker.csr" broker.example.com
client_csr "$medium/requests/intermediate/client_cert/sensor.csr" sensor
expect_exit 0 sealroom process "$medium" --json
batch=$(look 'd["batch"]' <stdout)
client_csr "$medium/requests/intermediate/client_cert/later.csr" later
stop_daemon
keep() {
  rm -rf good
  mkdir good
  cp -a "$ledger" "$home/tokens" good/
}
keep
elsewhere=$(mktemp -d "$work/elsewhere.XXXX")
restore() {
  rm -rf "$ledger"-wal "$ledger"-shm "$home/tokens"
  cp -a good/ledger.db "$ledger"
  cp -a good/tokens "$home/"
}

step "an entry since the newest checkpoint was changed"
edit "UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), 'daemon.stopped', 'daemon.stopper') AS BLOB) WHERE seq = (SELECT max(seq) FROM entry)"
edit "DELETE FROM checkpoint WHERE size > (SELECT max(seq) FROM entry)"
in_trouble "log entry"
restore

step "the newest entries were cut off"
edit "DELETE FROM entry WHERE seq >= (SELECT max(seq) - 3 FROM entry)"
in_trouble "is missing"
restore

step "the newest checkpoint was replaced"
edit "UPDATE checkpoint SET note = replace(note, 'A', 'B') WHERE size = (SELECT max(size) FROM checkpoint)"
in_trouble "checkpoint of size"
restore

step "no database at all, and half of one"
printf 'this is no ledger' >"$ledger"
in_trouble "not a database"
restore
truncate -s $(($(stat -c %s good/ledger.db) / 2 / 4096 * 4096)) "$ledger"
sha256sum "$ledger" >damaged
start_daemon
expect_exit 6 sealroom status
expect_exit 6 sealroom unlock --all
stop_daemon
untouched
restore

step "a ledger of a newer program"
edit "PRAGMA user_version = 99"
in_trouble "newer than"
restore

step "what is readable is still shown"
edit "UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), 'daemon.stopped', 'daemon.stopper') AS BLOB) WHERE seq = (SELECT max(seq) FROM entry)"
edit "DELETE FROM checkpoint WHERE size > (SELECT max(seq) FROM entry)"
start_daemon
expect_exit 0 sealroom certificate list --json
is "$(look 'len(d["certificates"])' <stdout)" 4 "certificates"
expect_exit 0 sealroom audit show --json
expect_exit 6 sealroom audit verify
stop_daemon
restore

step "a missing ledger: the daemon ends, and makes none"
mv "$ledger" away.db
! try_daemon || fail "the daemon started without a ledger"
is "$daemon_code" 6 "exit code"
grep -q "the ledger is missing" daemon.stderr || fail "it does not say what is missing"
[ ! -e "$ledger" ] || fail "a new ledger was made"
mv away.db "$ledger"

step "rows that say something else than the log are not relied on"
expect_row() {
  edit "$2"
  start_daemon
  sealroom unlock --all >/dev/null 2>&1 || true
  expect_exit 6 "${@:3}"
  complains "$1"
  is "$(events certificate.issued)" 4 "certificates"
  stop_daemon
  restore
}
expect_row "key of intermediate in the ledger" "UPDATE token_key SET public_key = (SELECT public_key FROM token_key WHERE owner = 'root') WHERE owner = 'intermediate'" \
  sealroom unlock intermediate
expect_row "chain of issuer intermediate" "UPDATE issuer_certificate SET der = (SELECT der FROM issuer_certificate WHERE issuer = 'root') WHERE issuer = 'intermediate' AND position = 0" \
  sealroom import "$medium"
start_daemon
sealroom unlock --all >/dev/null
sealroom import "$medium" --json >imported || true
planned=$(look 'd["batch"]' <imported)
stop_daemon
keep
expect_row "plan $planned/intermediate" "UPDATE plan SET valid_until = valid_until + 86400 WHERE batch = '$planned'" \
  sealroom sign "$planned"
expect_row "certificate" "UPDATE certificate SET certificate = (SELECT certificate FROM certificate WHERE name = 'sensor') WHERE name = 'broker'" \
  sealroom export "$batch" "$(mktemp -d "$work/other.XXXX")"

step "what a verification finds wrong stops everything that writes, until one finds it right"
found_wrong() {
  edit "$1"
  start_daemon
  expect_exit 6 sealroom audit verify
  complains "$2"
  expect_exit 6 sealroom process "$medium"
  complains "found wrong"
  expect_exit 6 sealroom status
  says "FOUND WRONG"
  stop_daemon
  start_daemon
  expect_exit 6 sealroom unlock intermediate
  complains "found wrong"
  is "$(sealroom audit show --json | tail -n 1 | look 'd["event"] in ("daemon.started", "clock.confirmed")')" true "nothing more was written"
}
found_wrong "UPDATE certificate SET subject = (SELECT subject FROM certificate WHERE name = 'sensor') WHERE name = 'broker'" "certificate"
edit "ATTACH 'good/ledger.db' AS good; UPDATE certificate SET subject = (SELECT subject FROM good.certificate AS g WHERE g.id = certificate.id) WHERE name = 'broker'"
expect_exit 0 sealroom audit verify
is "$(sealroom status --json | look '[d["integrity"], d["verified"]["trouble"]]')" '["", ""]' "found right"
expect_exit 0 sealroom unlock intermediate
stop_daemon
restore
found_wrong "DELETE FROM certificate WHERE name = 'sensor'" "the requests in the ledger"
stop_daemon
expect_exit 6 sealroom restore --export "$medium"
complains "found wrong"
restore
found_wrong "UPDATE request SET verdict = replace(verdict, 'sensor', 'sens0r') WHERE name = 'sensor'" "the requests in the ledger"
stop_daemon
restore
back="UPDATE certificate SET state = 'planned', certificate = x'', entry = (SELECT seq FROM entry WHERE instr(line, CAST('\"certificate.planned\"' AS BLOB)) AND instr(line, CAST(hex(serial) AS BLOB))) WHERE name = 'sensor'"
edit "$back"
start_daemon
sealroom unlock --all >/dev/null
expect_exit 6 sealroom sign "$(sealroom certificate list --json | look 'd["certificates"][-1]["batch"]')"
complains "and entry"
stop_daemon
restore
found_wrong "$back" "and entry"
stop_daemon
restore

step "restored, everything goes on"
start_daemon
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom sign "$planned"
expect_exit 0 sealroom audit verify
stop_daemon

step "a disk that fails: the daemon ends with the exit code for it, and a restart goes on"
if command -v strace >/dev/null; then
  start_daemon
  expect_exit 0 sealroom unlock --all
  client_csr "$medium/requests/intermediate/client_cert/last.csr" last
  strace -f -qq -o /dev/null -p "${daemon[$home]}" -e trace=fdatasync -e inject=fdatasync:error=EIO 2>/dev/null &
  injector=$!
  for _ in $(seq 100); do grep -q "^TracerPid:[[:space:]]*[1-9]" "/proc/${daemon[$home]}/status" && break; sleep 0.1; done
  expect_exit 6 sealroom import "$medium"
  code=0
  wait "${daemon[$home]}" || code=$?
  wait "$injector" || true
  unset "daemon[$home]"
  is "$code" 6 "the daemon's end"
  grep -q "disk" daemon.stderr || fail "it does not say why"
  start_daemon
  expect_exit 0 sealroom audit verify
  expect_exit 0 sealroom unlock --all
  expect_exit 3 sealroom process "$medium"
  stop_daemon
else
  skip "a failing disk: strace is not there"
fi
echo "ledger_trouble: ok"
