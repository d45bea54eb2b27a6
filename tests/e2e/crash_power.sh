#!/usr/bin/env bash
# The power fails while a batch is signed: the file system under the ledger stops where it is and forgets what was not
# synced (EXT4_IOC_SHUTDOWN without flushing its journal, on a loop device). Tokens and medium lie elsewhere.
. "$(dirname "$0")/lib/crash.sh" "$@"

cannot() { skip "a power cut: $*"; echo "crash_power: ok, skipped"; exit 0; }
[ "$(id -u)" = 0 ] || cannot "only root can mount a file system"
command -v mkfs.ext4 >/dev/null || cannot "mkfs.ext4 is not installed"
truncate -s 24M disk.seed
mkfs.ext4 -q disk.seed
mkdir probe
mount -o loop disk.seed probe 2>/dev/null || cannot "this root may not mount a loop device"
umount probe

# power_off FOLDER: EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (linux/fs/ext4/ext4.h).
power_off() {
  python3 -c 'import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))' "$1"
}

step "a run that nothing disturbs"
prepare
calls=write,pwrite64,fsync,fdatasync,ftruncate
trace_into trace "$calls"
signing_run
tracer=()
buried
python3 "$tests/lib/crash_points.py" trace "$began" /ledger/ | sample_or_all 10 >points.all
back_to_the_start
tokens_outside
cp -a tokens tokens.seed
mount -o loop disk.seed probe
cp -a "$home/." probe
umount probe

# stopped_or_done CLIENT: waits until the daemon was stopped at its point, or the client has its answer.
stopped_or_done() {
  while kill -0 "$1" 2>/dev/null; do
    ! grep -q 'stopped by SIGSTOP' trace || return 0
    sleep 0.02
  done
}

cut_at() {
  local client
  rm -rf "$home" "$medium" "$counts" tokens
  cp -a medium.seed "$medium"
  cp -a tokens.seed tokens
  cp --sparse=always disk.seed disk
  mkdir "$home"
  mount -o loop disk "$home"
  trap 'buried; umount "$home"' EXIT
  trace_into trace "$1" "$1:signal=STOP:when=$2"
  start_daemon
  tracer=()
  sealroom unlock --all >/dev/null
  signed_before=$(signatures)
  { sealroom sign "$batch" && sealroom export "$batch" "$medium"; } >/dev/null 2>&1 &
  client=$!
  stopped_or_done "$client"
  grep -q 'stopped by SIGSTOP' trace || echo "not reached" >point.kind
  power_off "$home"
  buried
  wait "$client" || true
  umount "$home"
  mount -o loop disk "$home"
  survives
}

mounts+=("$home" probe)
step "the power is cut at $(wc -l <points.all) system calls on the ledger's files"
while read -r call number <&3; do try_point "the power cut at a system call" "$call $number" cut_at "$call" "$number"; done 3<points.all
tell crash_power suspects
