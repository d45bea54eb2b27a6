#!/usr/bin/env bash
# Ledgers that do not continue what the tokens have seen: older, shorter, forked, another's. Each is told apart and
# nothing is signed, until the right one is back or a person accepts the gap.
. "$(dirname "$0")/lib/session.sh" "$@"

ledger=$home/ledger/ledger.db

# one NAME: a request, imported and signed.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
  expect_exit 0 sealroom process "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
}

# keep FILE, put_back FILE: the ledger of a stopped daemon.
keep() { cp "$ledger" "$1"; }
put_back() {
  rm -f "$ledger"-wal "$ledger"-shm
  cp "$1" "$ledger"
}

# entries_of FILE: how many log entries a ledger has.
entries_of() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT max(seq) + 1 FROM entry").fetchone()[0])' "$1"; }

# refuses_all MEANING: every token that has seen more says so, and nothing is signed.
refuses_all() {
  expect_exit 6 sealroom unlock intermediate
  complains "$1"
  expect_exit 6 sealroom unlock log
  complains "$1"
  signed=$(events certificate.issued)
  if [ -n "$(sealroom batch list --json | look '[b["batch"] for b in d["batches"] if b["batch"] == "'"$batch"'"]' | tr -d '[]')" ]; then
    expect_exit 6 sealroom sign "$batch"
  fi
  expect_exit 6 sealroom process "$medium"
  is "$(events certificate.issued)" "$signed" "certificates"
  expect_exit 6 sealroom status
  says "remembers"
  says "nothing is signed"
}

step "before unlock nothing is compared; after it, the tokens and the ledger agree"
open_home
one first
stop_daemon
keep first.db
start_daemon
is "$(sealroom status --json | look '{k["compared"] for k in d["keys"]} == {"not compared"}')" true
expect_exit 0 sealroom unlock --all
is "$(sealroom status --json | look '{k["compared"] for k in d["keys"]} == {"equal"}')" true
one second
stop_daemon
keep second.db

step "another appliance's token, put in by mistake: it is told, and nothing has to be accepted for it"
mv "$home/tokens" mine.tokens
mine=$home
home=$work/strange
sealroom init --softhsm >/dev/null
start_daemon
sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/strange.XXXX")" >/dev/null
stop_daemon
cp -a "$home/tokens" "$mine/tokens"
cp "$home/pins/sealroom-log.pin" strange.pin
home=$mine
start_daemon
expect_exit 5 sealroom unlock log --pin-file strange.pin
complains "the key was made on the one with serial"
refuses_and_logs key.refused 5 "it is another appliance's" \
  sealroom key adopt log --reason "a new token" --confirm 00000000 --pin-file strange.pin
refuses_and_logs key.refused 5 "it is another appliance's" sealroom key destroy log log-key --confirm 00000000 --pin-file strange.pin
refuses_and_logs key.refused 5 "it is another appliance's" \
  sealroom audit replace-key --lost --reason "a new token" --pin-file strange.pin
stop_daemon
rm -rf "$home/tokens"
mkdir -m 700 "$home/tokens"
SOFTHSM2_CONF=$home/softhsm2.conf softhsm2-util --init-token --free --label sealroom-log --so-pin 47110815 --pin 4711081547 >/dev/null
(umask 077 && echo -n 4711081547 >blank.pin)
start_daemon
refuses_and_logs key.refused 5 "and holds no copy of it" \
  sealroom key destroy log log-key --confirm 00000000 --pin-file blank.pin
stop_daemon
rm -rf "$home/tokens"
mv mine.tokens "$home/tokens"
start_daemon
expect_exit 0 sealroom unlock --all
one afterwards
stop_daemon
keep second.db

step "an older copy of the ledger"
put_back first.db
start_daemon
refuses_all "the ledger is an older copy"
expect_exit 6 sealroom recover
complains "--accept-gap"
expect_exit 6 sealroom doctor
says "PROBLEM  ledger/gaps"
seen=$(entries_of second.db)
while [ "$(sealroom audit show --json | wc -l)" -le "$seen" ]; do expect_exit 6 sealroom unlock log; done
expect_exit 6 sealroom unlock log # it has grown longer than what the token has seen, by attempts alone
complains "the ledger is an older copy"
stop_daemon
start_daemon
expect_exit 6 sealroom sign "$batch" # nobody has to unlock again to be stopped
stop_daemon

step "the right ledger is put back: nothing has to be accepted"
put_back second.db
start_daemon
expect_exit 0 sealroom unlock --all
one third
stop_daemon
keep third.db

step "a log that was cut, with its tree and its checkpoints"
put_back third.db
python3 - "$ledger" <<'E'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
size = database.execute("SELECT max(seq) - 6 FROM entry").fetchone()[0]
database.execute("DELETE FROM entry WHERE seq >= ?", (size,))
database.execute("DELETE FROM node WHERE ((idx + 1) << level) > ?", (size,))
database.execute("DELETE FROM export WHERE size > ?", (size,))
database.execute("DELETE FROM checkpoint WHERE size > ?", (size,))
database.execute("UPDATE certificate SET entry = ?", (size + 3,))
database.commit()
E
start_daemon
refuses_all "the log was cut"
stop_daemon

step "a fork: an older copy that went on by itself, further than the tokens have seen"
put_back first.db
start_daemon
rm -rf "$medium/requests"
for n in $(seq 40); do client_csr "$medium/requests/intermediate/client_cert/fork$n.csr" "fork $n"; done
expect_exit 0 sealroom import "$medium" --json
batch=$(look 'd["batch"]' <stdout)
refuses_all "another history"
stop_daemon

step "a person accepts what was lost: the log keeps it for ever, and work goes on"
put_back first.db
start_daemon
expect_exit 6 sealroom unlock root
expect_exit 6 sealroom unlock intermediate
expect_exit 6 sealroom unlock log
expect_exit 0 sealroom recover --accept-gap
says "accepted: the token of log"
is "$(events anchor.gap-accepted)" 3 "accepted gaps"
expect_exit 0 sealroom unlock --all
is "$(sealroom status --json | look '{k["compared"] for k in d["keys"]} == {"equal"}')" true
one after
stop_daemon
start_daemon
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit verify
expect_exit 0 sealroom recover
says "nothing is unaccounted for"
stop_daemon

step "the ledger of another appliance beside these tokens"
keep mine.db
mine=$home
home=$work/other
sealroom init --softhsm >/dev/null
sed -i 's/^  origin: .*/  origin: another-appliance/' "$home/sealroom.yaml"
cp "$home/sealroom.yaml" other.yaml
cp "$home/ledger/ledger.db" other.db
home=$mine
put_back other.db
sed -i 's/^  origin: .*/  origin: another-appliance/' "$home/sealroom.yaml"
start_daemon
expect_exit 6 sealroom unlock intermediate
complains "belongs to another appliance"
stop_daemon
echo "roll_back: ok"
