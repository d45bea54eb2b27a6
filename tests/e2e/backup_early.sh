#!/usr/bin/env bash
# A backup from before the intermediate was made: its key and its chain come back with the export of the log. And one from
# before there was any key.
. "$(dirname "$0")/lib/session.sh" "$@"

step "a backup before any key, and one between two ceremonies"
sealroom init --softhsm >/dev/null
start_daemon
expect_exit 0 sealroom backup "$medium" --json
empty=$(look 'd["folder"]' <stdout)
fast_ceremony whole.yaml
python3 - <<'E'
import re
head, *steps = re.split(r"(?m)^(?=  - )", open("whole.yaml").read())
open("early.yaml", "w").write(head + "".join(steps[:3]))  # log key, root
open("late.yaml", "w").write(head + "".join(steps[3:]))
E
expect_exit 0 sealroom ceremony run early.yaml --medium "$medium"
sleep 1
expect_exit 0 sealroom backup "$medium" --json
early=$(look 'd["folder"]' <stdout)
expect_exit 0 sealroom ceremony run late.yaml --medium "$medium"
client_csr "$medium/requests/intermediate/client_cert/sensor.csr" sensor
expect_exit 0 sealroom process "$medium" --json
batch=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom audit export "$medium"
log=$(echo "$medium"/audit/log-*)
cp "$medium/issued/$batch/ca/root.cert.pem" root.pem
cp "$medium/issued/$batch/audit/log-key.pem" log-key.pem
stop_daemon
dead=$home

step "from the one before any key: nothing can be verified, so nothing comes back"
home=$work/empty
expect_exit 4 sealroom restore "$empty" --export "$log"
complains "no log key yet"
[ ! -e "$home" ] || fail "a home was made"
expect_exit 0 sealroom --home "$work/vouched" restore "$empty" --export "$log" --log-key log-key.pem --json
is "$(look '(d["missing_keys"], d["vouched"])' <stdout)" \
  "[[], [\"$(openssl pkey -pubin -in log-key.pem -outform DER | sha256sum | cut -d ' ' -f 1)\"]]"
expect_exit 0 sealroom restore "$empty"
[ ! -e "$home/ledger/ledger.db-wal" ] || fail "the ledger is not closed"

step "from the other one: key, chain and certificates of the intermediate are there again"
home=$work/early
mapfile -t exports < <(find "$medium/issued" -mindepth 1 -maxdepth 1 | sort | sed 's/^/--export\n/')
expect_exit 0 sealroom restore "$early" --export "$log" "${exports[@]}" --json
is "$(look '(d["missing"], d["missing_keys"])' <stdout)" "[[], []]"
cp -a "$dead/tokens" "$dead/pins" "$home/"
sed "s|^directories.tokendir = .*|directories.tokendir = $home/tokens|" "$dead/softhsm2.conf" >"$home/softhsm2.conf"
start_daemon
is "$(sealroom issuer list --json | look '[i["state"] for i in d["issuers"]]')" '["active", "active"]'
for token in log root intermediate; do expect_exit 6 sealroom unlock "$token"; done
expect_exit 0 sealroom recover --accept-gap
expect_exit 0 sealroom unlock --all
rm -rf "$medium/requests"
client_csr "$medium/requests/intermediate/client_cert/after.csr" after
expect_exit 0 sealroom process "$medium" --json
after=$(look 'd["batch"]' <stdout)
again=$(mktemp -d "$work/again.XXXX")
expect_exit 0 sealroom export "$batch" "$again"
for folder in "$medium/issued/$after" "$again/issued/$batch"; do
  expect_exit 0 "$bin/sealroom-verify" "$folder" --root root.pem --log-key log-key.pem
done
expect_exit 0 sealroom audit verify
stop_daemon
echo "backup_early: ok"
