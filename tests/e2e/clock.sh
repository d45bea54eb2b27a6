#!/usr/bin/env bash
# Clocks that are wrong: far back, far ahead, set within a boot, and at the turns that programs get wrong.
. "$(dirname "$0")/lib/session.sh" "$@"

faketime=$(find /usr/lib -name libfaketime.so.1 -print -quit)
if [ -z "$faketime" ]; then
  skip "clocks: libfaketime is not installed"
  exit 0
fi

# The runtime of the address sanitizer insists on being loaded first.
sanitizer=$(ldd "$bin/sealroomd" | awk '/libasan/ { print $3 ":" }')

# start_at TIME: the daemon of $home believes that it is TIME ("-10y", "+30m", or "@2038-01-19 03:14:00"), whatever the
# boot clock says.
start_at() { start_daemon "LD_PRELOAD=$sanitizer$faketime" "FAKETIME=$1" FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1; }

# real_home: as if it were no trial: people are asked.
real_home() {
  cp "$home/sealroom.yaml" trial.yaml
  python3 - "$home/sealroom.yaml" <<'E'
import re, sys
text = open(sys.argv[1]).read()
open(sys.argv[1], "w").write(re.sub(r"^  pins:\n(    .*\n)+", "", text, flags=re.M))
E
  ! cmp -s trial.yaml "$home/sealroom.yaml" || fail "the home is a trial home still"
}
trial_home() { cp trial.yaml "$home/sealroom.yaml"; }

pin_of() { echo "$home/pins/sealroom-$1.pin"; }
unlock_all() {
  for owner in root intermediate log; do expect_exit 0 sealroom unlock "$owner" --pin-file "$(pin_of "$owner")" "$@"; done
}
now() { date -u +%Y-%m-%dT%H:%MZ; }

# one NAME: a request on the medium, and nothing else.
one() {
  rm -rf "$medium/requests"
  client_csr "$medium/requests/intermediate/client_cert/$1.csr" "$1"
}

step "a trial home asks nobody after a start, and the log says who vouched"
open_home
is "$(sealroom audit show --json | grep -c '"by":"trial home"')" 1 "confirmations"
one first
expect_exit 0 sealroom process "$medium"
stop_daemon

step "any other home asks a person, once a boot"
real_home
cp "$home/ledger/ledger.db" whole.db
cp -a "$home/tokens" whole.tokens
python3 - "$home/ledger/ledger.db" <<'E'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("UPDATE entry SET batch = NULL WHERE batch = 'clock'")
database.commit()
E
start_daemon
sealroom status >stdout
says "the time must be confirmed"
expect_exit 4 sealroom unlock log --pin-file "$(pin_of log)"
is "$(events token.unlocked)" 3 "unlocks"
expect_exit 2 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time "$(date -u -d '-10 minutes' +%Y-%m-%dT%H:%MZ)"
complains "more than 5 minutes apart"
expect_exit 2 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time yesterday
expect_exit 0 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time "$(now)"
unlock_all
is "$(events clock.confirmed)" 2 "confirmations"
one second
expect_exit 0 sealroom process "$medium"
stop_daemon
start_daemon
unlock_all
is "$(events clock.confirmed)" 2 "confirmations"
stop_daemon

step "set within a boot: asked again before anything is signed"
start_at +30m
sealroom status >stdout
says "the clock was changed by"
one third
expect_exit 4 sealroom unlock log --pin-file "$(pin_of log)"
complains "the clock was changed"
expect_exit 0 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time "$(date -u -d '+30 minutes' +%Y-%m-%dT%H:%MZ)"
unlock_all
expect_exit 0 sealroom process "$medium"
expect_exit 0 sealroom audit verify
stop_daemon

step "set back again: the log is ahead; nothing is written until that is corrected, with a list of what it dated"
for command in start_daemon "start_at -10y" "start_at @1970-01-02\ 00:00:00"; do
  eval "$command"
  grep -q "the clock says" daemon.stderr || fail "the daemon does not speak of the clock"
  expect_exit 6 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time "$(now)"
  complains "but the newest log entry is of"
  expect_exit 6 sealroom status
  says "sealroom recover --correct-clock"
  expect_exit 0 sealroom audit verify
  expect_exit 6 sealroom import "$medium"
  stop_daemon
done
echo "# edited while nothing could be recorded" >>"$home/sealroom.yaml"
start_daemon
expect_exit 0 sealroom recover --correct-clock --json
is "$(look 'len(d["certificates"])' <stdout)" 1 "misdated certificates"
serial=$(look 'd["certificates"][0]["serial"]' <stdout)
is "$(sealroom certificate show "$serial" --json | look 'd["name"]')" third
expect_exit 2 sealroom recover --correct-clock
expect_exit 4 sealroom unlock log --pin-file "$(pin_of log)"
expect_exit 0 sealroom unlock log --pin-file "$(pin_of log)" --confirm-time "$(now)"
unlock_all
mkdir out
expect_exit 0 sealroom audit export out
expect_exit 4 "$bin/sealroom-verify" out/audit/log-* # consistent: it holds the configuration of that correction, too
one fourth
expect_exit 0 sealroom process "$medium"
expect_exit 0 sealroom audit verify
is "$(events clock.corrected)" 1 "corrections"
stop_daemon

step "ten years of silence: asked again, in a trial home too"
cp whole.db "$home/ledger/ledger.db"
rm -rf "$home/ledger/ledger.db-wal" "$home/ledger/ledger.db-shm" "$home/tokens"
cp -a whole.tokens "$home/tokens"
trial_home
start_at +10y
expect_exit 4 sealroom unlock --all
complains "days old"
one late
expect_exit 4 sealroom process "$medium"
expect_exit 0 sealroom unlock --all --confirm-time "$(date -u -d '+3650 days' +%Y-%m-%dT%H:%MZ)"
expect_exit 0 sealroom audit verify
stop_daemon

step "turns of time: 2038, 2049 to 2050, a leap day"
for turn in 2038-01-19T03:14 2049-12-31T23:30 2028-02-29T12:00; do
  home=$work/home-$turn
  rm -rf "$medium"
  mkdir "$medium"
  sealroom init --softhsm >/dev/null
  sed -i 's/days: 3652/days: 7300/' "$home/sealroom.yaml"
  seconds=$(($(date -u -d "$turn:00Z" +%s) - $(date +%s)))
  start_at "+$seconds"
  expect_exit 0 sealroom unlock --all --confirm-time "${turn}Z"
  expect_exit 0 sealroom ceremony run "$work/fast.yaml" --medium "$(mktemp -d "$work/ceremony.XXXX")"
  one turn
  expect_exit 0 sealroom process "$medium" --json
  certificate=$(echo "$medium"/issued/*/intermediate/client_cert/turn.cert.pem)
  is "$(openssl x509 -in "$certificate" -noout -startdate | grep -c "${turn%%-*}")" 1 "a certificate of ${turn%%-*}"
  begins=$(openssl x509 -in "$certificate" -noout -startdate | cut -d= -f2)
  openssl verify -x509_strict -attime $(($(date -u -d "$begins" +%s) + 1)) \
    -CAfile "$(dirname "$certificate")/../../ca/ca-chain.cert.pem" "$certificate" >/dev/null
  expect_exit 0 sealroom audit verify
  stop_daemon
done
echo "clock: ok"
