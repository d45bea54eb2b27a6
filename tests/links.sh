#!/usr/bin/env bash
# The linker is the wall: which libraries a program can reach at all, read from its dynamic section.
#
#   tests/links.sh BIN_DIRECTORY
set -euo pipefail
export LC_ALL=C
bin=$1
failed=0

needed() { readelf --dynamic --wide "$bin/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

complain() {
  echo "FAILED: $*" >&2
  failed=1
}

# reaches PROGRAM LIBRARY...: it must need every one of them, else this test reads the wrong thing.
reaches() {
  local program=$1 library
  shift
  for library in "$@"; do
    grep -q "^$library\.so" <<<"$(needed "$program")" || complain "$program does not need $library"
  done
}

# never_reaches PROGRAM LIBRARY...
never_reaches() {
  local program=$1 library
  shift
  for library in "$@"; do
    ! grep -q "^$library\.so" <<<"$(needed "$program")" || complain "$program needs $library"
  done
}

reaches sealroomd libp11 libsqlite3 libseccomp libcrypto
for program in sealroom sealroom-verify sealroom-pack; do
  reaches "$program" libcrypto
  never_reaches "$program" libp11 libp11-kit libsqlite3
done

# Nobody speaks to a network: no TLS library, no resolver, no HTTP.
for program in sealroomd sealroom sealroom-verify sealroom-pack; do
  never_reaches "$program" libssl libcurl libresolv
done
exit "$failed"
