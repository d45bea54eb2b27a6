#!/usr/bin/env bash
# The first five minutes of README.md, as they stand there: what is not indented is typed, in order.
. "$(dirname "$0")/lib/session.sh" "$@"

step "what README.md says to type"
python3 - "$tests/../../README.md" >typed <<'END'
import re, sys
part = open(sys.argv[1]).read().split("## The first five minutes by hand")[1].split("\n## ")[0]
for block in re.findall(r"^```\n(.*?)^```", part, re.M | re.S):
    for line in re.sub(r"\\\n +", "", block).splitlines():
        if not line.startswith((" ", "scripts/", "cmake ")):
            print(line)
END
[ "$(wc -l <typed)" -gt 15 ] || fail "README.md has no commands"
sed -i "s|/tmp/first|$work|g; s|^export PATH=[^ ]*|export PATH=$bin:\$PATH|; s|^sealroom process medium$|sealroom process medium \|\| test \$? = 3|; /^echo /d" typed
# A person is slower than the daemon's start.
sed -i 's|^sealroomd .*|&\nwhile [ ! -S "$SEALROOM_HOME/run/sealroomd.sock" ]; do sleep 0.1; done|; s|^kill %1$|kill %1; wait|' typed
rmdir "$medium"
code=0
(cd "$ceremonies/.." && setsid -w bash -euo pipefail "$work/typed") >stdout 2>stderr </dev/null || code=$?
[ "$code" = 0 ] || fail "exit code $code"

step "what came of it"
says "refused   intermediate/client_cert/old.csr"
says "broker.cert.pem: OK"
says "Keystore type: JKS"
says "its signature verifies"
[ -s hivemq-keystore.jks ] && [ -s hivemq-truststore.jks ] || fail "the stores"
[ ! -e home/run/sealroomd.sock ] || fail "the daemon is still there"
echo "readme: ok"
