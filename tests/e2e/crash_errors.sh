#!/usr/bin/env bash
# The disk reports errors or is full while a batch is signed: the daemon says which file, signs nothing more after a
# failed sync, and a restart on a good disk loses nothing.
. "$(dirname "$0")/lib/crash.sh" "$@"

step "a run that nothing disturbs"
prepare
calls=write,pwrite64,fsync,fdatasync,ftruncate
trace_into trace "$calls"
signing_run
tracer=()
buried
python3 "$tests/lib/crash_points.py" trace "$began" /ledger/ >points.all
grep -q sync points.all && grep -q pwrite64 points.all || fail "no system call on the ledger was found"

# refused_run PLAN: the run fails with exit 6 at one of its commands and names the ledger.
refused_run() {
  local code=0
  began=0 signed_before=none
  try_daemon || fail "the daemon did not start"
  sealroom unlock --all >/dev/null
  signed_before=$(signatures)
  { sealroom sign "$batch" && sealroom export "$batch" "$medium"; } >stdout 2>stderr || code=$?
  is "$code" 6 "exit code"
  complains "ledger.db"
  grep -q '^sealroom: hint: ' stderr || fail "no hint"
}

# gives_up: after a failed sync nobody knows what is on the disk. Whatever is asked, no signature is made, and the daemon
# ends by itself with exit code 6.
gives_up() {
  local signed code=0 process=${daemon[$home]} tenths=0
  signed=$(signatures)
  sealroom sign "$batch" >stdout 2>stderr || code=$?
  # 1 when the daemon has gone by now.
  [ "$code" = 6 ] || [ "$code" = 1 ] || fail "sign after a failed sync: exit code $code"
  code=0
  while kill -0 "$process" 2>/dev/null; do
    [ $((tenths += 1)) -le 100 ] || fail "the daemon has not ended after ten seconds"
    sleep 0.1
  done
  wait "$process" || code=$?
  unset "daemon[$home]"
  is "$code" 6 "the daemon's exit code"
  is "$(signatures)" "$signed" "signatures after a failed sync"
}

error_at() {
  back_to_the_start
  trace_into trace "$calls" "$1:error=$3:when=$2"
  refused_run
  tracer=()
  [[ $1 != *sync ]] || gives_up
  buried
  survives
}

step "EIO and ENOSPC at $(wc -l <points.all) calls on the ledger's files"
for error in EIO ENOSPC; do sed "s/$/ $error/" points.all; done | sample_or_all 16 >points.errors
while read -r call number error <&3; do
  try_point "$error from the ledger's disk" "$call $number" error_at "$call" "$number" "$error"
done 3<points.errors

full_disk() {
  back_to_the_start
  tokens_outside
  rm -rf home.whole
  mv "$home" home.whole
  mkdir "$home"
  mount -t tmpfs -o size=4m none "$home"
  trap 'buried; umount "$home"' EXIT
  cp -a home.whole/. "$home"
  head -c "$(($(df --output=avail -B1 "$home" | tail -n 1) - $1 * 1024))" /dev/zero >"$home/ballast" || true
  if signing_run >stdout 2>stderr; then
    echo "with room enough" >point.kind
  else
    grep -qE 'disk is full|No space left|make room' stderr daemon.stderr || fail "nobody says that the disk is full"
  fi
  buried
  rm "$home/ballast"
  survives
}

step "a full disk under the ledger"
if [ "$(id -u)" = 0 ] && mkdir probe && mount -t tmpfs -o size=64k none probe 2>/dev/null; then
  umount probe
  mounts+=("$home")
  for room in 0 4 8 12 16 24 32 48 64 96 128 192 256 384 512 768; do echo "$room"; done | sample_or_all 6 >points.room
  while read -r room <&3; do try_point "a disk with little room" "$room KiB" full_disk "$room"; done 3<points.room
else
  skip "a full disk: only root can mount a small file system"
fi

tell crash_errors
