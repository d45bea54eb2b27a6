#!/usr/bin/env bash
# What goes wrong with tokens, PINs and modules: each has its own error and exit code 5 (or 4, where a person decides),
# wrong PINs are counted once and logged, no PIN is ever found outside the files that hold them, and a token that fails
# in the middle of a batch leaves every certificate accounted for.
. "$(dirname "$0")/lib/session.sh" "$@"

plan=$work/plan counts=$work/counts
fakes=()
if [ -f "$shim" ]; then
  fakes=("SEALROOM_SHIM_MODULE=$softhsm" "SEALROOM_SHIM_PLAN_FILE=$plan" "SEALROOM_SHIM_COUNTS=$counts")
  export "${fakes[@]}"
  init() { sealroom init --softhsm --module "$shim"; }
else
  skip "everything that needs a token which misbehaves: $shim is not built"
  init() { sealroom init --softhsm; }
fi
# misbehave PLAN: from now on (see tests/shim/pkcs11_shim.c).
misbehave() { echo "$1" >"$plan.new" && mv "$plan.new" "$plan"; }
behave() { misbehave ""; }
calls() { grep -c " $1\$" "$counts" || true; }

step "a module that is missing, is not one, or is no library: the daemon does not start"
init >/dev/null
cp "$home/sealroom.yaml" sealroom.yaml
daemon_refuses() {
  ! try_daemon || fail "the daemon started: $*"
  is "$daemon_code" "$1" "the daemon's exit code"
  grep -qF -- "$2" daemon.stderr || fail "the daemon does not say: $2"
  is "$(find "$home/run" -name '*.sock')" "" "sockets"
}
sed "s|^module:.*|module: /usr/lib/nowhere.so|" sealroom.yaml >"$home/sealroom.yaml"
daemon_refuses 5 "there is no PKCS#11 module"
sed "s|^module:.*|module: $(ldd "$bin/sealroomd" | sed -n 's|.*libcrypto[^ ]* => \([^ ]*\) .*|\1|p')|" sealroom.yaml >"$home/sealroom.yaml"
daemon_refuses 5 "is not a PKCS#11 module"
sed "s|^module:.*|module: $home/softhsm2.conf|" sealroom.yaml >"$home/sealroom.yaml"
daemon_refuses 5 "cannot be loaded"
sed "s|^module:.*|module: libsofthsm2.so|" sealroom.yaml >"$home/sealroom.yaml"
daemon_refuses 2 "absolute path"
cp sealroom.yaml "$home/sealroom.yaml"

step "the token directory is gone: the daemon does not start; one token is gone: it is named, and comes back"
mv "$home/tokens" tokens.away
daemon_refuses 5 "cannot be initialised"
mv tokens.away "$home/tokens"
token=$(dirname "$(grep -l sealroom-root "$home"/tokens/*/token.object)")
mv "$token" token.away
start_daemon
sealroom status >stdout
says "token not present"
refuses_and_logs token.unlock-failed 5 "is not present" sealroom unlock root --pin-file "$home/pins/sealroom-root.pin"
stop_daemon
mv token.away "$token"
start_daemon
fast_ceremony fast.yaml
sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null
sealroom lock >/dev/null

step "a wrong PIN: exit 5, asked of the token once, logged; the right one works after it"
(umask 077; echo wrong-pin-4711 >wrong.pin)
[ ! -f "$counts" ] || : >"$counts"
refuses_and_logs token.unlock-failed 5 "wrong PIN" sealroom unlock intermediate --pin-file wrong.pin
[ ! -f "$counts" ] || is "$(calls C_Login)" 1 "times that the token was asked"
! sealroom audit show --json | contains wrong-pin-4711 || fail "the log has the wrong PIN"
expect_exit 0 sealroom unlock intermediate --pin-file "$home/pins/sealroom-intermediate.pin"
exec 7<"$home/pins/sealroom-root.pin"
expect_exit 0 sealroom unlock root --pin-fd 7
exec 7<&-
expect_exit 0 sealroom lock root intermediate

step "PIN files that others may read, that are none, that are empty; --pin-fd for two tokens"
cp "$home/pins/sealroom-root.pin" open.pin
chmod 644 open.pin
refuses 2 "others may read or change it" sealroom unlock root --pin-file open.pin
refuses 2 "No such file" sealroom unlock root --pin-file nowhere.pin
mkdir folder
refuses 2 "not a regular file" sealroom unlock root --pin-file folder
(umask 077; : >empty.pin)
standing >before
expect_exit 2 sealroom unlock root --pin-file empty.pin
refuses 2 "--pin-fd" sealroom unlock root intermediate --pin-fd 0
refuses 2 "no issuer \"nobody\"" sealroom unlock nobody --pin-file wrong.pin
is "$(sealroom status --json | look '[k["owner"] for k in d["keys"] if k["unlocked"]]')" "[]" "unlocked tokens"

step "PINs are nowhere but in their files: not in the home, the log, a command line or an environment"
sealroom unlock --all >/dev/null
for file in "$home"/pins/*; do
  tr -d '\n' <"$file" >canary
  ! grep -rlF -f canary "$home" --exclude-dir=pins --exclude='*.sock' || fail "a PIN is in the home outside pins/"
  ! sealroom audit show --json | contains "$(cat canary)" || fail "a PIN is in the log"
  ! sealroom status --json | contains "$(cat canary)" || fail "a PIN is in the status"
  ! tr '\0' '\n' <"/proc/${daemon[$home]}/cmdline" | contains "$(cat canary)" || fail "a PIN is on the command line"
  if [ -r "/proc/${daemon[$home]}/environ" ]; then
    ! tr '\0' '\n' <"/proc/${daemon[$home]}/environ" | contains "$(cat canary)" || fail "a PIN is in the environment"
  fi
done
is "$(stat -c %a "$home/pins")" 700 "mode of pins/"
is "$(find "$home/pins" -type f ! -perm 600)" "" "PIN files with other modes"

step "two tokens of one label: ambiguous, exit 5; the others work on"
stop_daemon
SOFTHSM2_CONF=$home/softhsm2.conf softhsm2-util --init-token --free --label sealroom-root --pin 123456 --so-pin 12345678 >/dev/null
start_daemon
refuses_and_logs token.unlock-failed 5 "2 tokens match" sealroom unlock root --pin-file "$home/pins/sealroom-root.pin"
complains "serial="
expect_exit 0 sealroom unlock intermediate log
mkdir -p "$medium/requests/intermediate/client_cert"
client_csr "$medium/requests/intermediate/client_cert/one.csr" one
expect_exit 0 sealroom process "$medium"
rm -r "$medium"/*

if [ ! -f "$shim" ]; then
  stop_daemon
  echo "token_trouble: ok, in part"
  exit 0
fi

# five SUBJECT: a batch of five requests; $batch is its name.
five() {
  rm -rf "$medium"/*
  mkdir -p "$medium/requests/intermediate/client_cert"
  local n
  for n in 1 2 3 4 5; do client_csr "$medium/requests/intermediate/client_cert/$n.csr" "$1 $n"; done
  expect_exit 0 sealroom import "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
}
states() { sealroom batch show "$batch" --json | look '" ".join(r["state"] for r in d["report"]["requests"])'; }

# one_thread: the daemon from now on; then it is certain which call of the token meets which certificate.
one_thread() {
  stop_daemon
  tracer=(taskset -c "$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')")
  start_daemon
  tracer=()
  expect_exit 0 sealroom unlock intermediate log
}

step "the final try before a token locks itself is not made without consent"
sealroom lock intermediate >/dev/null
misbehave "C_GetTokenInfo=final-try"
: >"$counts"
refuses_and_logs token.unlock-failed 4 "final" sealroom unlock intermediate
complains "consent to the final try"
is "$(calls C_Login)" 0 "times that the token was asked"
expect_exit 0 sealroom unlock intermediate --accept-final-try
sealroom lock intermediate >/dev/null
misbehave "C_GetTokenInfo=locked"
: >"$counts"
refuses_and_logs token.unlock-failed 5 "locked" sealroom unlock intermediate
is "$(calls C_Login)" 0 "times that the token was asked"
misbehave "C_Login=CKR_PIN_LOCKED"
refuses_and_logs token.unlock-failed 5 "locked" sealroom unlock intermediate
behave
expect_exit 0 sealroom unlock intermediate

step "a device error in the middle of a batch: what was signed counts, one is burned, the rest waits"
one_thread
five device
misbehave "C_Sign:3=CKR_DEVICE_ERROR"
expect_exit 5 sealroom sign "$batch"
complains "CKR_DEVICE_ERROR"
complains "2 certificate(s) of batch $batch were issued before"
is "$(states)" "issued issued abandoned planned planned"
refuses 4 "not signed yet" sealroom export "$batch" "$medium"
behave
expect_exit 0 sealroom sign "$batch"
is "$(states)" "issued issued abandoned issued issued"
expect_exit 0 sealroom export "$batch" "$medium"
is "$(find "$medium/issued/$batch/intermediate" -name '*.cert.pem' -printf '%f\n' | sort | tr '\n' ' ')" "1.cert.pem 2.cert.pem 4.cert.pem 5.cert.pem "
mkdir -p note
python3 "$tests/lib/check_export.py" "$medium/issued/$batch" note >/dev/null

step "and the burned one is planned again, under another serial"
burned=$(sealroom batch show "$batch" --json | look 'd["report"]["requests"][2]["serial"]')
expect_exit 0 sealroom batch replan "$batch" --json
batch=$(look 'd["batch"]' <stdout)
expect_exit 0 sealroom sign "$batch"
is "$(states)" issued
[ "$(sealroom batch show "$batch" --json | look 'd["report"]["requests"][0]["serial"]')" != "$burned" ] || fail "a burned serial was used"
is "$(sealroom certificate show "$burned" --json | look 'd["state"]')" abandoned

step "a signature that is not right is caught, and nothing is issued"
five corrupt
sealroom certificate list --json >before
misbehave "C_Sign:1=corrupt"
expect_exit 5 sealroom sign "$batch"
complains "does not verify"
is "$(states)" "abandoned planned planned planned planned"
sealroom certificate list --json | cmp -s before - || fail "a certificate was issued"
behave

step "so it is in a ceremony: no request, no certificate, no checkpoint of such a signature"
misbehave "C_Sign=corrupt"
size=$(sealroom status --json | look 'd["log"]["checkpoint_size"]')
expect_exit 5 sealroom sign "$batch"
is "$(sealroom status --json | look 'd["log"]["checkpoint_size"]')" "$size" "covered by the checkpoint"
behave
expect_exit 0 sealroom sign "$batch"
expect_exit 0 sealroom audit verify

step "a token that loses its login in the middle says so, and a new unlocking mends it"
five logout
misbehave "C_Sign:2=CKR_USER_NOT_LOGGED_IN"
expect_exit 5 sealroom sign "$batch"
is "$(states)" "issued abandoned planned planned planned"
behave
sealroom lock intermediate >/dev/null
issued=$(events certificate.issued)
expect_exit 4 sealroom sign "$batch"
says "the token of intermediate is locked"
expect_exit 4 sealroom process "$medium"
complains "sealroom unlock intermediate"
is "$(events certificate.issued)" "$issued" "certificates under a locked key"
[ ! -e "$medium/issued" ] || fail "something was exported"
expect_exit 0 sealroom unlock intermediate
expect_exit 0 sealroom sign "$batch"
is "$(states)" "issued abandoned issued issued issued"

step "a token that is taken out in the middle: what was signed counts; when it is back, the rest follows"
five removed
misbehave "C_Sign:3+=CKR_DEVICE_REMOVED"
expect_exit 5 sealroom sign "$batch"
complains "CKR_DEVICE_REMOVED"
misbehave "C_Sign=CKR_DEVICE_REMOVED, C_GetTokenInfo=CKR_TOKEN_NOT_PRESENT"
sealroom lock intermediate >/dev/null
refuses_and_logs token.unlock-failed 5 "is not present" sealroom unlock intermediate --pin-file "$home/pins/sealroom-intermediate.pin"
sealroom status >stdout
says "intermediate  token not present"
behave
expect_exit 0 sealroom unlock intermediate --pin-file "$home/pins/sealroom-intermediate.pin"
expect_exit 0 sealroom sign "$batch"
is "$(states | tr ' ' '\n' | grep -vc abandoned)" "$(states | tr ' ' '\n' | grep -c issued)" "what is not abandoned, and issued"
[ "$(states | tr ' ' '\n' | grep -c issued)" -ge 3 ] || fail "what waited was not issued: $(states)"

step "a token that is full: the checkpoint is made, and the error says what is lacking"
five full
misbehave "C_CreateObject=CKR_DEVICE_MEMORY"
expect_exit 5 sealroom sign "$batch"
complains "the checkpoint is made, but a token cannot remember it"
complains "CKR_DEVICE_MEMORY"
is "$(states)" "issued issued issued issued issued"
behave
expect_exit 0 sealroom sign "$batch"
is "$(sealroom status --json | look '{k["compared"] for k in d["keys"] if k["unlocked"]} == {"equal"}')" true "what the tokens remember"

step "several threads: a token that breaks for good burns what it had in hand, and the rest waits"
stop_daemon
start_daemon
expect_exit 0 sealroom unlock intermediate log
five threads
misbehave "C_Sign:2+=CKR_DEVICE_ERROR"
expect_exit 5 sealroom sign "$batch"
complains "CKR_DEVICE_ERROR"
complains "1 certificate(s) of batch $batch were issued before"
behave
is "$(sealroom status --json | look 'd["started"]')" 0 "without an outcome"
is "$(states | tr ' ' '\n' | grep -c issued)" 1 "issued"
burned=$(states | tr ' ' '\n' | grep -c abandoned)
[ "$burned" -ge 1 ] || fail "nothing was burned"
expect_exit 0 sealroom sign "$batch"
is "$(states | tr ' ' '\n' | grep -c issued)" $((5 - burned)) "issued in the end"
expect_exit 0 sealroom audit verify

step "a token that never answers: the daemon still tells how things are"
five hang
misbehave "C_Sign:2=hang"
sealroom sign "$batch" >hanging.stdout 2>hanging.stderr &
client=$!
for _ in $(seq 100); do [ "$(states)" = "planned planned planned planned planned" ] || break; sleep 0.1; done
is "$(states)" "started started started started started"
timeout 20 "$bin/sealroom" --home "$home" status >stdout || fail "status does not answer"
says "were started and have no outcome"
timeout 20 "$bin/sealroom" --home "$home" audit verify >/dev/null || fail "audit verify does not answer"
kill "$client"
wait "$client" 2>/dev/null || true
kill_daemon

step "after that the daemon starts, and signs nothing before somebody has accounted for the five"
behave
start_daemon
sealroom unlock --all >/dev/null 2>&1 || sealroom unlock intermediate log >/dev/null
refuses 4 "were started and have no outcome" sealroom sign "$batch"
refuses 4 "were started and have no outcome" sealroom batch replan "$batch"
expect_exit 0 sealroom audit verify
stop_daemon
echo "token_trouble: ok"
