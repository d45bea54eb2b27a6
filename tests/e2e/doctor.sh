#!/usr/bin/env bash
# The doctor: every check is well, and then is made to fail. It changes nothing, and asks no token for a login.
. "$(dirname "$0")/lib/session.sh" "$@"

plan=$work/plan counts=$work/counts
init_words=(init --softhsm)
if [ -f "$shim" ]; then
  export SEALROOM_SHIM_MODULE=$softhsm SEALROOM_SHIM_PLAN_FILE=$plan SEALROOM_SHIM_COUNTS=$counts
  init_words+=(--module "$shim")
else
  skip "tokens that misbehave: $shim is not built"
fi
misbehave() { echo "$1" >"$plan.new" && mv "$plan.new" "$plan"; }

# doctor CODE: its JSON is in diagnosis.
doctor() {
  expect_exit "$1" sealroom doctor --json
  cp stdout diagnosis
}
# finds STATE CHECK [WORDS]: what it says of this check.
finds() {
  is "$(look '" ".join(c["state"] for c in d["checks"] if c["check"] == "'"$2"'")' <diagnosis)" "$1" "$2"
  look '" ".join(c["detail"] + " " + c["do"] for c in d["checks"] if c["check"] == "'"$2"'")' <diagnosis | contains "${3:-}" ||
    fail "$2 does not say: ${3:-}"
}
not_well() { look '" ".join(sorted(c["check"] for c in d["checks"] if c["state"] != "ok"))' <diagnosis; }

step "without a home, and without a daemon: what can be seen is looked at"
doctor 2
finds problem home "No such file"
: >file
expect_exit 2 sealroom --home "$work/file" doctor
says "is not a folder"
sealroom "${init_words[@]}" >/dev/null
doctor 1
is "$(not_well)" daemon "what is not well"
finds problem daemon "start it"
finds ok home "complete"
finds ok configuration "2 issuer(s) with 4 profile(s)"
for check in disk swap random seccomp; do look 'any(c["check"] == "'$check'" for c in d["checks"])' <diagnosis | contains true || fail "$check is not looked at"; done

step "modes, owners, links, a configuration that cannot be loaded, something in the socket's place"
chmod 755 "$home/ledger"
chmod 666 "$home/sealroom.yaml"
doctor 2
finds problem home "ledger has mode 0755: others may read or change it"
finds problem home "sealroom.yaml has mode 0666: others may change it"
chmod 700 "$home/ledger"
chmod 644 "$home/sealroom.yaml"
mv "$home/issuers" aside
ln -s "$work/aside" "$home/issuers"
doctor 2
finds problem home "issuers is a link"
rm "$home/issuers"
doctor 2
finds problem home "issuers: No such file"
finds problem configuration issuers
mv aside "$home/issuers"
cp "$home/sealroom.yaml" sealroom.yaml
echo "surprise: 1" >>"$home/sealroom.yaml"
doctor 2
finds problem configuration surprise
cp sealroom.yaml "$home/sealroom.yaml"
: >"$home/run/sealroomd.sock"
doctor 2
finds problem socket "is no socket"
rm "$home/run/sealroomd.sock"
if [ "$(id -u)" = 0 ]; then
  chown 40001 "$home/issuers"
  doctor 2
  finds problem home "belongs to another user (40001)"
  chown 0 "$home/issuers"
fi

step "a fresh home: what a ceremony has to make is named, and nothing was changed"
start_daemon
standing >before
[ ! -f "$counts" ] || : >"$counts"
doctor 0
standing | cmp -s - before || fail "the doctor changed something"
[ ! -f "$counts" ] || is "$(grep -cE ' C_(Login|OpenSession|InitToken|CreateObject|GenerateKeyPair)$' "$counts")" 0 "sessions"
is "$(not_well)" "issuer/intermediate issuer/root ledger/checkpoint ledger/verification log/key trial" "what is not well"
for check in process/locked-memory process/core-dumps process/seccomp clock token/root mechanisms/log roles socket; do finds ok $check; done
expect_exit 0 sealroom doctor
says "WARNING  log/key"
says "->  sealroom ceremony run SCRIPT"
fast_ceremony fast.yaml
sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null
sealroom audit verify >/dev/null
doctor 0
is "$(not_well)" trial "what is not well after the ceremony"
finds ok ledger/verification "was verified at"
finds ok issuer/intermediate "active until"
finds ok keys/root "all known"

step "the configuration on the disk is not the one in force"
sed -i 's/^log:/idle_lock_minutes: 7\n\nlog:/' "$home/sealroom.yaml"
doctor 0
is "$(not_well)" "configuration/in-force trial"
cp sealroom.yaml "$home/sealroom.yaml"

if [ "$(id -u)" = 0 ] && setpriv --reuid=40001 --regid=45000 --clear-groups test -x "$bin/sealroom" 2>/dev/null; then
  step "somebody without rights sees what he may"
  chmod 711 "$work"
  expect_exit 1 setpriv --reuid=40001 --regid=45000 --clear-groups "$bin/sealroom" --home "$home" doctor --json
  cp stdout diagnosis
  finds problem daemon "has no role"
fi

if [ -f "$shim" ]; then
  step "tokens: PIN flags, mechanisms, a key that nobody knows, one that is gone, one that never answers"
  misbehave "C_GetTokenInfo=count-low"
  doctor 0
  finds warning token/root "a wrong PIN was tried"
  misbehave "C_GetTokenInfo=final-try"
  doctor 4
  finds problem token/root "one wrong PIN more"
  misbehave "C_GetTokenInfo=locked"
  doctor 5
  finds problem token/log "its PIN is locked"
  misbehave "C_GetMechanismInfo=CKR_MECHANISM_INVALID"
  doctor 5
  finds problem mechanisms/log "EC P-256 with CKM_ECDSA"
  misbehave "C_GetMechanismInfo=CKR_DEVICE_ERROR"
  doctor 5
  finds problem mechanisms/root "CKR_DEVICE_ERROR"
  misbehave ""
  doctor 0
  is "$(not_well)" trial
  if [ -f "$bin/import-key" ]; then
    sealroom lock >/dev/null
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out stray.pem 2>/dev/null
    SOFTHSM2_CONF=$home/softhsm2.conf "$bin/import-key" sealroom-root stray.pem stray 0d <"$home/pins/sealroom-root.pin"
    sealroom unlock root >/dev/null
    doctor 4
    finds problem keys/root "1 private key(s) on the token that nobody has decided about"
    sealroom key destroy root stray --confirm "$(openssl pkey -in stray.pem -pubout -outform DER | sha256sum | cut -c 57-64)" >/dev/null
    doctor 0
  fi
  sealroom unlock --all >/dev/null
  client_csr "$medium/requests/intermediate/client_cert/one.csr" one
  expect_exit 0 sealroom import "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
  misbehave "C_Sign:1=kill-before"
  expect_exit 1 sealroom sign "$batch"
  ended_by KILL
  misbehave ""
  start_daemon
  doctor 4
  finds problem ledger/unaccounted "sealroom recover"
  sealroom recover >/dev/null
  misbehave "C_GetSlotList=hang"
  doctor 0
  finds warning tokens "does not answer"
  kill_daemon
  misbehave ""
  token=$(dirname "$(grep -l sealroom-root "$home"/tokens/*/token.object)")
  mv "$token" token.away
  start_daemon
  doctor 5
  finds problem token/root "is not present"
  stop_daemon
  mv token.away "$token"
else
  stop_daemon
fi

step "little locked memory"
limit=$(ulimit -Hl)
if (ulimit -l 64) 2>/dev/null; then
  ulimit -Sl 64
  start_daemon
  doctor 0
  finds warning process/locked-memory "RLIMIT_MEMLOCK"
  stop_daemon
  ulimit -Sl "$limit" 2>/dev/null || true
fi

faketime=$(find /usr/lib -name libfaketime.so.1 -print -quit)
if [ -n "$faketime" ]; then
  step "clocks: behind the log, far ahead of it, and certificates that ended"
  sanitizer=$(ldd "$bin/sealroomd" | awk '/libasan/ { print $3 ":" }')
  start_at() { start_daemon "LD_PRELOAD=$sanitizer$faketime" "FAKETIME=$1" FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1; }
  start_at -3d
  doctor 6
  finds problem clock "the newest log entry is of"
  stop_daemon
  cp "$home/ledger/ledger.db" present.db
  start_at +3640d
  doctor 0
  finds warning clock "must be confirmed"
  finds warning ledger/verification "sealroom audit verify"
  finds warning issuer/intermediate "renew it"
  stop_daemon
  start_at +7500d
  doctor 4
  finds problem issuer/root "renew it"
  stop_daemon
  rm -f "$home"/ledger/ledger.db-*
  cp present.db "$home/ledger/ledger.db"
else
  skip "clocks: libfaketime is not installed"
fi

step "a ledger that is not sound: the doctor still looks at everything else"
start_daemon
stop_daemon
python3 - "$home/ledger/ledger.db" <<'E'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("UPDATE entry SET line = CAST(replace(CAST(line AS TEXT), 'daemon.stopped', 'daemon.stopper') AS BLOB) WHERE seq = (SELECT max(seq) FROM entry)")
database.commit()
E
start_daemon
doctor 6
finds problem ledger
finds ok token/root
finds ok process/seccomp
stop_daemon

if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=24m,mode=755 tmpfs small 2>/dev/null; then
  step "a disk that is nearly full"
  mounts+=("$work/small")
  home=$work/small/home
  sealroom init --softhsm >/dev/null
  doctor 1
  finds problem disk "make room"
  mount -o remount,ro small
  doctor 1
  finds problem disk "read-only"
else
  skip "a disk that is nearly full: no small file system can be mounted"
fi
echo "doctor: ok"
