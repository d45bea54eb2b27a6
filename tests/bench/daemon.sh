#!/usr/bin/env bash
# What sealroomd needs with an empty ledger: its start, its memory with unlocked tokens, and after a large batch.
#
#   tests/bench/daemon.sh BIN_DIRECTORY [--quick] [--json|--tsv] [--pairs N] [--requests N]
pairs=9 requests=1000
settings="pairs requests"
quick() { pairs=3 requests=200; }
. "$(dirname "$0")/lib.sh"

new_home "$home" ec-p256
note "$pairs starts, then $requests requests"
for _ in $(seq "$pairs"); do
  stop_daemon
  keep_time start start_daemon "$home"
  keep_time unlock quietly unlock "sealroom unlock" sealroom unlock --all
  keep idle "$(memory VmRSS)"
done
derive start-ms '$1 * 1000' start
derive unlock-ms '$1 * 1000' unlock
new_medium "$requests" rsa:2048
process_medium
expect_certificates "$requests"
keep peak "$(memory VmHWM)"

row "sealroomd from its start to its first answer, empty ledger" start-ms ms '< 50 ms' - - -
row "sealroom unlock of three tokens, of which each tells its login" unlock-ms ms - - - -
row "resident memory of sealroomd, idle with unlocked tokens" idle MiB '< 32 MiB' - - -
row "peak memory of sealroomd after the process of $requests RSA-2048 requests" peak MiB '< 64 MiB' - - -
print_rows
