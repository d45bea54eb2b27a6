#!/usr/bin/env bash
# A signing run is killed at one system call after the other, and before and after calls of the token; each time a new
# daemon must find everything accounted for, and sign the rest.
. "$(dirname "$0")/lib/crash.sh" "$@"

# Whatever changes a file or a name, or tells another process something; the full sweep takes every system call there is.
changes=write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,mkdir
calls=$changes,openat,close,sendto,sendmsg
[ "$full" != full ] || calls=all

step "a run that nothing disturbs"
prepare
trace_into trace "$calls"
signing_run
tracer=()
buried
python3 "$tests/lib/crash_points.py" trace "$began" >points.signing
sample_or_all 24 <points.signing >points.all
# Before that, the daemon's start and the unlocking: what changes the home.
python3 "$tests/lib/crash_points.py" trace 0 "$home/" | grep -E "^(${changes//,/|}) " |
  grep -vxFf points.signing | sample_or_all 6 >>points.all

kill_at() {
  back_to_the_start
  trace_into trace "$1" "$1:signal=KILL:when=$2"
  local reached=yes
  ! signing_run || reached=no
  tracer=()
  buried
  # Which thread makes a call first is chance, so a point can lie after the run's end.
  if [ "$reached" = no ]; then
    echo "not reached" >point.kind
    survives
  # A point inside SoftHSM's own files: whether it loses its token there is not in our hands.
  elif grep -F " $1(" trace | tail -n 1 | grep -q /tokens/; then
    echo "inside SoftHSM's own files" >point.kind
    survives token
  else
    survives
  fi
}

points=$(wc -l <points.all)
step "killed at $points system calls"
while read -r call number <&3; do try_point "killed at a system call" "$call $number" kill_at "$call" "$number"; done 3<points.all

kill_around() {
  back_to_the_start
  signing_run "$1" || true
  buried
  misbehave ""
  survives
}

step "killed before and after calls of the token"
for number in 1 2 3 4 5; do
  for call in C_SignInit C_Sign; do
    for action in kill-before kill-after; do echo "$call:$number=$action"; done
  done
done | sample_or_all 8 >points.all
while read -r each <&3; do try_point "killed around a call of the token" "$each" kill_around "$each"; done 3<points.all

[ $((3 * ${tried[killed at a system call, not reached]:-0})) -le "$points" ] || fail "too many points were not reached"
tell crash_kills suspects
