#!/usr/bin/env bash
# What deciding costs, which needs no token: requests per second and core by their type of key, and one very large import
# beside one of a tenth, with the memory of both programs.
#
#   tests/bench/import.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--ec N] [--rsa N] [--large N]
pairs=5 ec=5000 rsa=1000 large=100000
settings="pairs ec rsa large"
quick() { pairs=3 ec=500 rsa=100 large=2000; }
. "$(dirname "$0")/lib.sh"

# Microseconds of sealroomd's processor time for each decision, and decisions per second of it.
run_decisions() {
  local kind=$1 name=$2 count=$3 used
  new_medium "$count" "$kind"
  used=$(processor_time)
  import_medium
  used=$(compute 2 "$(processor_time) - $used")
  keep "$name" "$(compute 1 "$count / $used")"
  keep "$name-cost" "$(compute 1 "$used * 1000000 / $count")"
}

# Seconds for each of COUNT, by a daemon that has done nothing else; and the largest resident sets, in MiB.
run_import() {
  local name=$1 count=$2
  new_medium "$count" ec:P-256
  restart_on "${#processors[@]}"
  quietly "$name" "the import of $count" "$bin/measure" "$bin/sealroom" --home "$home" --json import "$medium" 3>"$work/figures"
  keep "$name" "$(compute 3 "$(cut -d' ' -f1 "$work/figures") * 1000 / $count")"
  keep "$name.client" "$(compute 1 "$(cut -d' ' -f2 "$work/figures") / 1024")"
  keep "$name.daemon" "$(memory VmHWM)"
}

new_home "$home" ec-p256
note "deciding $pairs times on $ec requests with P-256 and $rsa with RSA-2048 keys"
for _ in $(seq "$pairs"); do
  run_decisions ec:P-256 ec "$ec"
  run_decisions rsa:2048 rsa "$rsa"
  "$bin/modulus-cost" 2048 100 >"$work/modulus" || fail "modulus-cost"
  keep modulus "$(compute 1 "$(cat "$work/modulus") * 1000")"
done
small=$((large / 10))
note "importing $small, then $large"
run_import small "$small"
run_import large "$large"

derive share '$1 / $2' modulus rsa-cost
row "showing an RSA-2048 modulus composite, of a decision on $rsa requests" share '' - rsa-cost modulus us
derive linear '$1 / $2' large small
row "import of $large to one of $small: time for each" linear '' - large small ms
row "decisions on P-256 requests, $ec in one import" ec "/s a core" '>= 1000' ec-cost - us
row "decisions on RSA-2048 requests, $rsa in one import" rsa "/s a core" '>= 300' rsa-cost - us
row "peak memory of sealroomd: import of $large, and of $small" large.daemon MiB '< 256 MiB' large.daemon small.daemon MiB
row "peak memory of sealroom: the same" large.client MiB '< 256 MiB' large.client small.client MiB
print_rows
