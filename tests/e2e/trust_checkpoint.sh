#!/usr/bin/env bash
# Disk and tokens restored together agree with each other, and nobody inside can tell. A checkpoint that was kept outside
# can: older and forked ledgers are told apart, and nothing is signed until a person accepts what is lost.
. "$(dirname "$0")/lib/session.sh" "$@"

# one NAME: a request, imported, signed and exported; its checkpoint is kept as NAME.checkpoint.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
  expect_exit 0 sealroom process "$medium" --json
  cp -f "$medium/issued/$(look 'd["batch"]' <stdout)/audit/checkpoint" "$1.checkpoint"
}
# restore HOME: the whole of it, the tokens too.
restore() {
  rm -rf "$home"
  cp -r "$1" "$home"
  start_daemon
}
compared() { sealroom status --json | look '{k["compared"] for k in d["keys"]} == {"'"$1"'"}'; }

step "a home that is copied with its tokens, and goes on"
open_home
one first
sealroom lock >/dev/null
stop_daemon
cp -r "$home" old
start_daemon
expect_exit 0 sealroom unlock --all --trust-checkpoint first.checkpoint
says "this log continues the checkpoint of $(sed -n 2p first.checkpoint) entries"
is "$(events checkpoint.trusted)" 1
one second
expect_exit 0 sealroom audit verify --trust-checkpoint second.checkpoint
says "this log continues the checkpoint of $(sed -n 2p second.checkpoint) entries"
says "hashes, links and tree are right"

step "what is no checkpoint of this log is compared with nothing"
echo "not a checkpoint" >none
sed '1s/.*/another-log/' second.checkpoint >other-origin
sed '2s/.*/7/' second.checkpoint >other-size
refuses 2 "checkpoint: has no empty line before its signatures" sealroom unlock --all --trust-checkpoint none
refuses 2 "the checkpoint is of the log another-log" sealroom unlock --all --trust-checkpoint other-origin
refuses 2 "is not valid" sealroom unlock --all --trust-checkpoint other-size
refuses 2 "is not valid" sealroom audit verify --trust-checkpoint other-size
refuses 2 "missing" sealroom unlock --all --trust-checkpoint missing
sealroom lock >/dev/null
stop_daemon
cp -r "$home" newer

step "disk and tokens are restored together: nobody inside notices"
restore old
expect_exit 0 sealroom unlock --all
is "$(compared equal)" true
stop_daemon

step "a checkpoint from outside does, before a token is unlocked"
restore old
expect_exit 6 sealroom unlock --all --trust-checkpoint second.checkpoint
complains "the checkpoint from outside and this ledger do not fit"
complains "the ledger is an older copy"
is "$(sealroom status --json | look 'any(k["unlocked"] for k in d["keys"])')" false
expect_exit 6 sealroom status
says "the checkpoint from outside remembers $(sed -n 2p second.checkpoint) entries"
is "$(events anchor.mismatch)$(events checkpoint.trusted)" 10
expect_exit 0 sealroom unlock --all
signed=$(events certificate.issued)
expect_exit 6 sealroom process "$medium"
expect_exit 6 sealroom audit rotate-key
is "$(events certificate.issued)$(events key.generating)" "${signed}3"
expect_exit 6 sealroom recover
complains "--accept-gap"
stop_daemon
start_daemon
expect_exit 6 sealroom process "$medium"
# An earlier one that fits does not make up for it.
expect_exit 0 sealroom unlock --all --trust-checkpoint first.checkpoint
expect_exit 6 sealroom process "$medium"

step "a person accepts what is lost, for ever; after that work goes on"
expect_exit 0 sealroom recover --accept-gap
says "accepted: the checkpoint from outside has seen $(sed -n 2p second.checkpoint) entries"
expect_exit 0 sealroom unlock --all --trust-checkpoint second.checkpoint
says "that was accepted before"
one after
stop_daemon

step "an old copy that went on by itself has another history"
restore old
expect_exit 0 sealroom unlock --all
for n in 1 2 3; do one "fork$n"; done
expect_exit 6 sealroom audit verify --trust-checkpoint second.checkpoint
complains "another history"
expect_exit 6 sealroom process "$medium"
stop_daemon

step "a checkpoint of a key that came after the copy: nothing is compared, and the hint says why"
restore newer
expect_exit 0 sealroom unlock --all
expect_exit 0 sealroom audit rotate-key
one rotated
stop_daemon
restore newer
refuses 2 "has no signature by the log's key" sealroom unlock --all --trust-checkpoint rotated.checkpoint
complains "the log's key was changed after this ledger was copied"
stop_daemon
echo "trust_checkpoint: ok"
