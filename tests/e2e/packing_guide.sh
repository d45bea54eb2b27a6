#!/usr/bin/env bash
# Every command of docs/packing.md, as it stands there: what is not indented is typed, in order.
. "$(dirname "$0")/lib/session.sh" "$@"

step "what docs/packing.md says to type"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 - "$tests/../../docs/packing.md" before after <<'END'
import re, sys
parts = open(sys.argv[1]).read().split("## What comes back")
for part, name in zip(parts, sys.argv[2:]):
    lines, here = [], False
    for block in re.findall(r"^```\n(.*?)^```", part, re.M | re.S):
        for line in re.sub(r"\\\n +", "", block).splitlines():
            here = here and line != "END" or "<<'END'" in line
            if here or not line.startswith(" "):
                lines.append(line)
    open(name, "w").write("\n".join(lines) + "\n")
END
[ "$(wc -l <before)" -ge 6 ] && [ "$(grep -c sealroom-pack after)" -ge 12 ] || fail "docs/packing.md has no commands"
# A person is slower than mosquitto's start; as root it would become another user, who cannot read the key.
sed -i "s/8883/$port/; s|^mosquitto -c.*|echo \"user \$(id -un)\" >>mosquitto.conf\n&\nuntil (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.1; done|; s|^kill %1|& \&\& wait|" after
type_in() { setsid -w bash -euo pipefail "$1" >stdout 2>stderr </dev/null || fail "in $(head -n 1 stderr)"; }
export PATH=$bin:$PATH
type_in before

step "the appliance signs"
open_home
mkdir -p "$medium"/requests/intermediate/{server_cert,client_cert}
cp broker.csr "$medium/requests/intermediate/server_cert"
cp mqtt-client.csr factoryinput.csr "$medium/requests/intermediate/client_cert"
sealroom process "$medium" >process.out
stop_daemon
ln -s "$(sed -n 's/^wrote //p' process.out)" issued

step "the rest of it"
type_in after
is "$(stat -c %a hivemq-keystore.jks tls.xml config.xml config-with-passwords.xml tls-values.yaml | tr '\n' ' ')" "600 644 644 600 600 "
expect_exit 0 keytool -list -keystore hivemq-truststore.jks -storepass:file hivemq-truststore.password
says "1 entry"
cmp <(openssl base64 -A -in hivemq-keystore.jks) hivemq-keystore.jks.b64
[ -s bundle/umh/values.yaml ] && [ -s bundle/broker/config.xml ] && [ -s bundle/clients/mqtt-client/README.md ] || fail "the bundle"
