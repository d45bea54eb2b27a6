# What the crash tests stand on: a prepared appliance that is copied for every point, a signing run that is to be cut
# short, and what must be true after it, whatever happened. Sourced like session.sh, which it contains.
#
# A crash test tries a sample of its points; with "full" as its second argument (scripts/crash-sweep) every one, and with
# "2/3" as its third the second third of them.
. "$(dirname "${BASH_SOURCE[0]}")/session.sh" "$1"

full=${2:-} share=${3:-1/1}
counts=$work/counts plan=$work/plan
declare -A tried=() bad=()  # kind of point → how many
batch="" entries_before=0   # what the signing run signs, and how long the log was before it
[ -f "$shim" ] || { skip "the faulting PKCS#11 module is not built"; exit 0; }
strace -o /dev/null true 2>/dev/null || { skip "strace is not installed, or may not trace here"; exit 0; }
export SEALROOM_SHIM_MODULE=$softhsm SEALROOM_SHIM_COUNTS=$counts SEALROOM_SHIM_PLAN_FILE=$plan
# misbehave PLAN: from now on (see tests/shim/pkcs11_shim.c).
misbehave() { echo "$1" >"$plan.new" && mv "$plan.new" "$plan"; }
signatures() { grep -c ' C_Sign$' "$counts" 2>/dev/null || true; }

# sample_or_all N: N of the lines on standard input, evenly spread; in the full sweep all of them, or this one's share.
sample_or_all() {
  if [ "$full" = full ]; then
    awk -v share="${share%/*}" -v shares="${share#*/}" 'NR % shares == share - 1'
  else
    awk -v n="$1" '{ line[NR] = $0 } END { if (n > NR) n = NR; for (i = 0; i < n; i++) print line[int(i * NR / n) + 1] }'
  fi
}

# ---- the appliance before the run: its issuers are active, one export has left it, and a batch for both issuers waits.

prepare() {
  fast_ceremony fast.yaml
  sealroom init --softhsm --module "$shim" >/dev/null
  start_daemon
  sealroom ceremony run fast.yaml --medium "$medium" >/dev/null
  mkdir -p "$medium"/requests/intermediate/{server_cert,client_cert} "$medium"/requests/root/v3_intermediate_ca
  server_csr "$medium/requests/intermediate/server_cert/broker.csr" broker.example.com
  client_csr "$medium/requests/intermediate/client_cert/sensor.csr" sensor
  make_csr "$medium/requests/root/v3_intermediate_ca/second.csr" "/C=DE/ST=Bavaria/O=HiveMQ/CN=Second CA"
  expect_exit 0 sealroom import "$medium" --json
  batch=$(look 'd["batch"]' <stdout)
  entries_before=$(sealroom audit show --json | wc -l)
  stop_daemon
  (cd "$home" && find . -path ./tokens -prune -o -type f -print | sort) >files.before
  mv "$home" home.seed
  mv "$medium" medium.seed
  back_to_the_start
}

back_to_the_start() {
  rm -rf "$home" "$medium" "$counts"
  cp -a home.seed "$home"
  cp -a medium.seed "$medium"
  misbehave ""
}

# tokens_outside: moves the tokens of the home to where a file system under the home alone does not matter. SoftHSM does
# not survive a full disk or a power cut, and that is not the question there.
tokens_outside() {
  rm -rf tokens
  mv "$home/tokens" tokens
  sed -i "s|^directories.tokendir.*|directories.tokendir = $work/tokens|" "$home/softhsm2.conf"
}

# ---- the run that is cut short

# The daemon is started under strace, which says which system calls it made and with -e inject= does something to one.
# trace_into FILE CALLS [INJECTION]
trace_into() {
  rm -f "$1"
  # --seccomp-bpf would be faster, but strace 6.1 then loses injected signals without a word.
  tracer=(strace -D -f -qq -y -ttt -o "$1" -e "trace=$2")
  [ $# -lt 3 ] || tracer+=(-e "inject=$3")
}

# signing_run [PLAN]: a person's run from the start of the daemon to the export; fails where it is cut short. The token
# misbehaves from the call to sign on. $began is when that was, $signed_before how often the token had signed by then.
signing_run() {
  began=0 signed_before=none
  try_daemon || return 1
  sealroom unlock --all >/dev/null || return 1
  misbehave "${1:-}"
  signed_before=$(signatures)
  began=$EPOCHREALTIME
  sealroom sign "$batch" >/dev/null || return 1
  sealroom export "$batch" "$medium" >/dev/null
}

# Waits for the end of a daemon that was killed; nothing happens to one that was not.
buried() {
  local process=${daemon[$home]:-}
  unset "daemon[$home]"
  [ -n "$process" ] || return 0
  { kill -9 "$process" || true; wait "$process" || true; } 2>/dev/null
}

# ---- what must be true afterwards

# no_leftovers: no file in the home that was not there before, but for what SoftHSM leaves in its own folder.
no_leftovers() {
  (cd "$home" && find . -path ./tokens -prune -o -type f -print | sort) | comm -13 files.before - >leftovers
  [ ! -s leftovers ] || fail "left in the home: $(tr '\n' ' ' <leftovers)"
}

# ready_again: the daemon starts within five seconds, and the log verifies.
ready_again() {
  local start=${EPOCHREALTIME/./} took
  start_daemon
  took=$(((${EPOCHREALTIME/./} - start) / 1000))
  [ "$took" -le 5000 ] || fail "the daemon was ready after $took ms"
  expect_exit 0 sealroom audit verify
  sealroom audit show --json >log.after
}

# token_is_lost: SoftHSM may have destroyed a token whose files it was writing. Then the daemon says which, and nothing
# else is wrong.
token_is_lost() {
  local owner code=0
  for owner in intermediate root log; do
    sealroom unlock "$owner" --pin-file "$home/pins/sealroom-$owner.pin" >stdout 2>stderr || { code=$? && break; }
  done
  [ "$code" != 0 ] || return 1
  is "$code" 5 "exit code of unlock $owner"
  sealroom status | grep -q "$owner .*token not present" || fail "status does not say that the token of $owner is gone"
  grep -q "token 'sealroom-[a-z]*'" stderr || fail "the token is not named"
  echo "inside SoftHSM's own files, which destroyed a token" >point.kind
  expect_exit 0 sealroom audit verify
  stop_daemon
  no_leftovers
}

# survives [token]: everything that is promised after a crash, and at the end everything is issued once. With "token" a
# token may have been destroyed.
survives() {
  ready_again
  [ "$signed_before" = none ] || signed=$(($(signatures) - signed_before))
  python3 "$tests/lib/crash_state.py" crashed log.after "$medium" "$entries_before" "${signed:-0}"
  if [ "${1:-}" = token ] && token_is_lost; then return 0; fi
  expect_exit 0 sealroom unlock --all
  sealroom status --json >status
  if [ "$(look 'd["started"]' <status)" != 0 ]; then
    grep -q 'were started and have no outcome' status || fail "status does not name what was started"
    expect_exit 4 sealroom sign "$batch"
    expect_exit 0 sealroom recover
    grep '^burned: ' stdout >>suspects
    says "burned: serial"
    says "planned again: batch"
  fi
  everything_once
  stop_daemon
  no_leftovers
}

# everything_once: signs and exports what waits; then each request has one certificate, with entry and proof.
everything_once() {
  local each
  for each in $(sealroom batch list --json | look '" ".join(sorted(b["batch"] for b in d["batches"]))'); do
    [[ ! $each < $batch ]] || continue
    expect_exit 0 sealroom sign "$each"
    expect_exit 0 sealroom export "$each" "$medium"
    mkdir -p note
    python3 "$tests/lib/check_export.py" "$medium/issued/$each" note >/dev/null || fail "the export of $each"
  done
  expect_exit 0 sealroom audit verify
  sealroom audit show --json >log.end
  sealroom certificate list --json >certificates
  python3 "$tests/lib/crash_state.py" finished log.after log.end certificates "$medium"
}

# ---- counting

# try_point KIND LABEL COMMAND...: one point in a shell of its own; what it violates is shown and counted.
try_point() {
  local kind=$1 label=$2 code=0
  shift 2
  rm -f point.kind
  set +e
  (
    trap buried EXIT
    set -e
    "$@"
  ) >point.out 2>&1
  code=$?
  set -e
  [ ! -f point.kind ] || kind="$kind, $(cat point.kind)"
  tried[$kind]=$((${tried[$kind]:-0} + 1))
  [ "$code" != 0 ] || return 0
  bad[$kind]=$((${bad[$kind]:-0} + 1))
  echo "VIOLATION: $kind at $label"
  tail -n 30 point.out | cut -c 1-400 | sed 's/^/    /'
}

# tell NAME [suspects]: the lines that scripts/crash-sweep makes its table of, and the test's exit code. With "suspects"
# some point must have left some.
tell() {
  local kind total=0
  for kind in "${!tried[@]}"; do
    printf 'points: %-60s %6d tried %4d violations\n' "$kind" "${tried[$kind]}" "${bad[$kind]:-0}"
  done | sort
  [ ! -f suspects ] || echo "   $(wc -l <suspects) certificates had been started, were burned and issued anew"
  for kind in "${!bad[@]}"; do total=$((total + ${bad[$kind]})); done
  [ "$total" = 0 ] || exit 1
  if [ "${2:-}" = suspects ] && [ ! -s suspects ]; then
    fail "no point left a certificate without an outcome: the points are not where they should be"
  fi
  echo "$1: ok"
}
