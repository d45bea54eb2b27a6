#!/usr/bin/env bash
# What a ledger that has grown costs: the same work in a home that holds many certificates and in a fresh one, in
# alternating pairs, and `openssl ca` with an index.txt of as many lines and of none. Both homes have issuer keys on
# P-256, so little of the time is the token's, and a ledger that slows down shows.
#
#   tests/bench/growth.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--sizes "N..."] [--ledger DIR]
#
# Each size is grown from the one before it by scripts/grow-ledger; the last one in DIR when there is one, which is kept
# and used again.
pairs=9 sizes="10000 100000" ledger=
settings="pairs sizes ledger"
quick() { pairs=3 sizes=1000; }
. "$(dirname "$0")/lib.sh"

declare -A folders=([fresh]=$work/fresh [grown]=$work/grown) daemons=()
end_others() { for daemon in "${daemons[@]}"; do stop_daemon; done; }

# ---- the two homes: use_side makes one of them $home, and its daemon $daemon

use_side() { side=$1 home=${folders[$1]}/home daemon=${daemons[$1]:-}; }
both() {
  for side in fresh grown; do
    use_side "$side"
    "$@"
  done
}

start() {
  start_daemon "$home"
  daemons[$side]=$daemon
}

stop() {
  stop_daemon
  unset "daemons[$side]"
}

unlock() { quietly unlock "sealroom unlock" sealroom unlock --all; }

# The ledger is in the page cache, or nothing of it is, as after a start of the machine.
read_ledger() { cat "$home/ledger/ledger.db" >/dev/null; }
forget_ledger() { dd if="$home/ledger/ledger.db" iflag=nocache count=0 status=none; }

# ---- what is measured, in the pair $turn

use_medium() { medium=$work/$side.$1.$turn; }
# make_media NAME COUNT
make_media() {
  for turn in $(seq "$pairs"); do
    new_medium "$2" ec:P-256
    mv "$medium" "$work/$side.$1.$turn"
  done
}

# Requests that were issued before, which the ledger tells by their digests.
refuse() {
  local code=0
  sealroom import "$medium" >"$logs/refuse" 2>&1 || code=$?
  [ "$code" = 3 ] || fail "the same requests again: exit code $code: $(tail -n 3 "$logs/refuse")"
}

look_up() { for serial in ${serials[$side]}; do quietly look-up "look up" sealroom certificate show "$serial"; done; }
prove_entry() { for n in ${places[$side]}; do quietly prove "a proof" sealroom audit prove --entry "$n"; done; }
prove_size() { for n in ${places[$side]}; do quietly prove "a proof" sealroom audit prove --from "$n"; done; }

# find_places: twenty entries about certificates, spread over the log, and the serials that they name.
declare -A places=() serials=()
find_places() {
  local size n entry
  size=$(sealroom --json status | grep -o '"checkpoint_size": *[0-9]*' | grep -o '[0-9]*$')
  places[$side]='' serials[$side]=''
  for n in $(seq 20); do
    entry=$({ sealroom --json audit show --from $((size * n / 21)) 2>/dev/null || true; } | grep -m 1 '"serial":') ||
      fail "no certificate behind entry $((size * n / 21)) of $size"
    places[$side]+=" $(grep -o '"seq":[0-9]*' <<<"$entry" | cut -d: -f2)"
    serials[$side]+=" $(grep -o '"serial":"[0-9A-F]*"' <<<"$entry" | cut -d'"' -f4)"
  done
}

# in_pairs NAME MEDIA COMMAND...: on both sides, again and again, each side first in every second pair.
in_pairs() {
  for turn in $(seq "$pairs"); do
    local order=(fresh grown)
    [ $((turn % 2)) = 0 ] || order=(grown fresh)
    for side in "${order[@]}"; do
      use_side "$side"
      use_medium "$2"
      keep_time "$1.$side" "${@:3}"
    done
  done
}

# ---- openssl ca, whose ledger is index.txt

make_authority() {
  local lines=0
  [ "$side" = fresh ] || lines=$size
  mkdir -p "$work/$side.ca/new"
  awk -v n="$lines" 'BEGIN { for (i = 1; i <= n; i++)
    printf "V\t361231235959Z\t\t%038X\tunknown\t/O=Bench/CN=host-%d.example.com\n", i, i }' >"$work/$side.ca/index.txt"
  echo 'unique_subject = no' >"$work/$side.ca/index.txt.attr"
  echo 7000000000000000000000000000000000000000 >"$work/$side.ca/serial"
  printf '%s\n' '[ca]' 'default_ca = it' '[it]' "dir = $work/$side.ca" 'database = $dir/index.txt' 'serial = $dir/serial' \
    'new_certs_dir = $dir/new' "certificate = $work/ca.pem" "private_key = $work/ca.key" 'default_md = sha256' \
    'default_days = 300' 'policy = any' '[any]' 'organizationName = optional' 'commonName = supplied' >"$work/$side.ca/ca.cnf"
}

openssl_ca() {
  quietly openssl-ca "openssl ca" openssl ca -config "$work/$side.ca/ca.cnf" -batch -notext -in "$work/one.csr" -out "$work/one.pem"
}

# ---- what reads the whole log, once

verify_ledger() {
  keep_time "verify.$side" quietly verify "audit verify" sealroom audit verify
  keep "verify-memory.$side" "$(memory VmHWM)"
}

# measured NAME COMMAND...: its seconds, and its peak memory in MiB.
measured() {
  quietly "$1" "$1" "$bin/measure" "${@:2}" 3>"$work/figures"
  keep "$1.$side" "$(cut -d' ' -f1 "$work/figures")"
  keep "$1-memory.$side" "$(compute 1 "$(cut -d' ' -f2 "$work/figures") / 1024")"
}

verify_export() {
  rm -rf "$work/$side.export"
  mkdir "$work/$side.export"
  measured export "$bin/sealroom" --home "$home" audit export "$work/$side.export"
  local made=("$work/$side.export"/audit/log-*)
  measured verify-export "$bin/sealroom-verify" "${made[0]}" --log-key "${made[0]}/log-key.pem" \
    --root "${made[0]}/issuers/root.chain.pem"
}

# growth_row NAME AIM UNIT WHAT
growth_row() {
  derive "$1.growth" '$1 / $2' "$1.grown" "$1.fresh"
  row "a ledger of $size to a fresh one: $4" "$1.growth" '' "$2" "$1.grown" "$1.fresh" "$3"
}

ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
openssl req -x509 "${ec[@]}" -keyout "$work/ca.key" -subj /CN=ca -days 900 -out "$work/ca.pem" 2>"$logs/openssl"
openssl req -new "${ec[@]}" -keyout /dev/null -subj /O=Bench/CN=one -out "$work/one.csr" 2>"$logs/openssl"

for size in $sizes; do
  [ -z "$ledger" ] || [ "$size" != "${sizes##* }" ] || folders[grown]=$ledger
  rm -rf "$work"/fresh* "$work"/grown.* "$values"
  mkdir "$values"
  "$root/scripts/grow-ledger" 0 "${folders[fresh]}"
  "$root/scripts/grow-ledger" "$size" "${folders[grown]}"
  note "measuring with $size certificates, $pairs pairs"
  both start
  both unlock
  both make_media forgotten 100
  sync
  both forget_ledger
  in_pairs issue-forgotten forgotten process_medium
  both read_ledger
  for count in 1 100; do
    both make_media "$count" "$count"
    in_pairs "issue-$count" "$count" process_medium
  done
  for side in fresh grown; do
    use_side "$side"
    keep "peak.$side" "$(memory VmHWM)"
  done
  both find_places
  in_pairs refuse 100 refuse
  in_pairs look-up 1 look_up
  in_pairs prove-entry 1 prove_entry
  in_pairs prove-size 1 prove_size
  both make_authority
  in_pairs openssl-ca 1 openssl_ca
  for turn in $(seq "$pairs"); do
    both stop
    for side in fresh grown; do
      use_side "$side"
      keep_time "start.$side" start
      keep_time "unlock.$side" unlock
    done
  done
  both verify_ledger
  both verify_export
  both stop

  growth_row issue-1 '<= 1.05' s "import, sign and export 1"
  growth_row issue-100 '<= 1.05' s "import, sign and export 100"
  growth_row issue-forgotten - s "the same, begun with nothing of the ledger in the page cache"
  growth_row refuse - s "refuse 100 that were issued before"
  growth_row look-up '<= 1.05' s "look up 20 by serial"
  growth_row prove-entry - s "prove inclusion of 20"
  growth_row prove-size - s "prove consistency from 20 sizes"
  growth_row openssl-ca - s "openssl ca, 1 certificate"
  growth_row start - s "start of sealroomd"
  growth_row unlock - s "unlock of three tokens"
  growth_row peak - MiB "peak memory of sealroomd"
  growth_row verify - s "audit verify"
  growth_row verify-memory - MiB "peak memory of sealroomd after it"
  growth_row export - s "audit export"
  growth_row verify-export - s "sealroom-verify of that"
  growth_row verify-export-memory - MiB "its peak memory"
  derive start-ms '$1 * 1000' start.grown
  row "sealroomd from its start to its first answer, ledger of $size" start-ms ms '< 2000 ms' - - -
done
print_rows
