#!/usr/bin/env bash
# How close `sealroom sign` comes to what the token can do: each batch is signed beside as many raw C_Sign calls with the same
# key in the same token, on one, two and all processors, for several types of the issuer's key.
#
#   tests/bench/sign.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--requests N] [--issuers "KEYS..."]
pairs=5 requests=1000 issuers="rsa-4096 ec-p384 ec-p256"
settings="pairs requests issuers"
quick() { pairs=3 requests=100 issuers="rsa-4096 ec-p256"; }
. "$(dirname "$0")/lib.sh"

# Rates are per second, costs microseconds of processor time for one.
run_raw() {
  raw_sign "$count" "$n"
  keep "$issuer.$n.raw" "$raw_rate"
  keep "$issuer.$n.raw-cost" "$raw_cost"
}

run_sign() {
  local used
  used=$(processor_time)
  timed quietly sign "sealroom sign" sealroom sign "$batch"
  keep "$issuer.$n.sign-cost" "$(compute 2 "($(processor_time) - $used) * 1000000 / $count")"
  grep -q ": $count issued" "$logs/sign" || fail "not all of $batch were issued: $(tail -n 3 "$logs/sign")"
  keep "$issuer.$n.sign" "$(compute 2 "$count / $took")"
}

# on_processors: the row's words for so many of them.
on_processors() { if [ "$1" = 1 ]; then echo "1 processor"; else echo "$1 processors"; fi; }

against_raw() {
  local n=$1 aim=$2 on="$issuer issuer, $count requests, $(on_processors "$1")"
  derive "$issuer.$n.share" '$1 / $2' "$issuer.$n.sign" "$issuer.$n.raw"
  row "sealroom sign to raw C_Sign: $on" "$issuer.$n.share" '' "$aim" "$issuer.$n.sign" "$issuer.$n.raw" /s
  derive "$issuer.$n.cost-share" '$1 / $2' "$issuer.$n.raw-cost" "$issuer.$n.sign-cost"
  row "the same in processor time: raw C_Sign to sealroomd" "$issuer.$n.cost-share" '' - "$issuer.$n.sign-cost" "$issuer.$n.raw-cost" us
}

above_raw() {
  local n=$1 aim=$2
  derive "$issuer.$n.above" '$1 - $2' "$issuer.$n.sign-cost" "$issuer.$n.raw-cost"
  row "sealroomd's processor time above raw C_Sign: $issuer issuer, $(on_processors "$n")" "$issuer.$n.above" us "$aim" \
    "$issuer.$n.sign-cost" "$issuer.$n.raw-cost" us
}

scaling() {
  derive "$issuer.sign-scaling" '$2 / $1' "$issuer.1.sign" "$issuer.2.sign"
  derive "$issuer.raw-scaling" '$2 / $1' "$issuer.1.raw" "$issuer.2.raw"
  derive "$issuer.scaling" '$1 / $2' "$issuer.sign-scaling" "$issuer.raw-scaling"
  row "2 processors to 1: sealroom sign to raw C_Sign, $issuer issuer" "$issuer.scaling" '' "$1" \
    "$issuer.sign-scaling" "$issuer.raw-scaling" times
}

# What more processors bring where the token itself gains nothing from a second thread.
more_processors() {
  local n
  for n in "${sets[@]:1}"; do
    derive "$issuer.$n.gain" '$2 / $1' "$issuer.1.sign" "$issuer.$n.sign"
    row "sealroom sign on $n processors to 1, $issuer issuer" "$issuer.$n.gain" '' '>= 1' "$issuer.$n.sign" "$issuer.1.sign" /s
  done
}

mapfile -t sets < <(printf '%s\n' 1 2 ${#processors[@]} | sort -nu | awk -v most=${#processors[@]} '$1 <= most')
all=${sets[-1]}
for issuer in $issuers; do
  count=$requests
  [ "$issuer" != ec-p256 ] || count=$((2 * requests))  # so short that the ticks of the kernel's clock would show
  note "$issuer issuer: $pairs pairs of $count, on ${sets[*]} processors"
  home=$work/$issuer/home
  mkdir "$work/$issuer"
  use_processors "$all"
  new_home "$home" "$issuer"
  for turn in $(seq "$pairs"); do
    for n in "${sets[@]}"; do
      restart_on "$n"
      new_medium "$count" ec:P-256
      import_medium
      if [ $((turn % 2)) = 0 ]; then run_raw && run_sign; else run_sign && run_raw; fi
    done
  done
  stop_daemon

  case $issuer in
    rsa-4096)
      against_raw "$all" '>= 0.95'
      [ "$all" -lt 2 ] || scaling '>= 0.93'
      above_raw "$all" -
      ;;
    ec-p256)
      against_raw "$all" -
      [ "$all" -lt 2 ] || scaling -
      more_processors
      above_raw 1 '<= 200 us'
      [ "$all" = 1 ] || above_raw "$all" '<= 200 us'
      ;;
    *)
      against_raw "$all" -
      [ "$all" -lt 2 ] || scaling '>= 0.93'
      above_raw "$all" -
      ;;
  esac
done
print_rows
