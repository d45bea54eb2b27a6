#!/usr/bin/env bash
# Canaries: every secret of a whole job is a random word, and everything that was written, said, or given to a process is
# searched for it: as it is, in hexadecimal, in base64 at any offset, and in UTF-16. Left out: SoftHSM's own store and the
# PIN files of the trial home, where the secrets live, and the memory of processes.
. "$(dirname "$0")/lib/session.sh" "$@"

mkdir secrets heard stores
word() { openssl rand -hex 16 | tr 0-9a-f g-v; }
secret() { (umask 077; word | tr -d '\n' >"secrets/$1"); }

# heard NAME COMMAND...: what it says goes to heard/.
heard() {
  local name=$1
  shift
  "$@" >"heard/$name.stdout" 2>"heard/$name.stderr" </dev/null || true
}
cat >search.py <<'END'
"""search.py SECRETS PLACE...: prints every place with a secret in it, one a line: path and name of the secret."""
import base64, os, sys

def forms(secret):
    for text in {secret, secret.decode("latin-1").encode("utf-16-le"), secret.decode("latin-1").encode("utf-16-be")}:
        yield from (text, text.hex().encode(), text.hex().upper().encode())
        for offset in range(3):  # what base64 makes of it in the middle of something; the ends depend on the neighbours
            start = (4 * offset + 2) // 3
            coded = base64.b64encode(bytes(offset) + text)
            yield coded[start:len(coded) - 4]

wanted = {}
for name in sorted(os.listdir(sys.argv[1])):
    for part in open(os.path.join(sys.argv[1], name), "rb").read().split(b"\n"):
        if len(part) >= 16:
            wanted.update((form, name) for form in forms(part))
for place in sys.argv[2:]:
    for folder, folders, files in os.walk(place):
        folders[:] = [f for f in folders if os.path.join(folder, f) not in os.environ.get("EXCEPT", "").split(":")]
        for file in files:
            path = os.path.join(folder, file)
            if not os.path.isfile(path):
                continue
            octets = open(path, "rb").read()
            # PEM and JSON break and escape lines; a secret may lie across them.
            joined = octets.replace(b"\n", b"").replace(b"\\n", b"").replace(b"\r", b"")
            for found in sorted({name for form, name in wanted.items() if form in octets or form in joined}):
                print(os.path.relpath(path), found)
END
search() { python3 search.py secrets "$@"; }

# Command lines and environments of our programs, as often as they can be read.
cat >watch.py <<'END'
import os, sys, time
programs, out = sys.argv[1], open("heard/processes", "wb", buffering=0)
seen = set()
while os.path.exists("watching"):
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if not os.readlink(f"/proc/{process}/exe").startswith(programs + "/"):
                continue
            told = [open(f"/proc/{process}/{file}", "rb").read() for file in ("cmdline", "environ")]
        except OSError:
            continue
        for octets in told:
            if octets not in seen:
                seen.add(octets)
                out.write(octets + b"\n")
    time.sleep(0.002)
END
touch watching
python3 watch.py "$bin" &
watcher=$!

step "the search finds each form, and what is not there it does not find"
secret control
mkdir control
python3 - <<'END'
import base64
secret = open("secrets/control", "rb").read()
for name, octets in {"plain": b"x" + secret + b"y", "hex": secret.hex().encode(), "upper": secret.hex().upper().encode(),
                     "utf16": secret.decode().encode("utf-16-le"), "utf16be": secret.decode().encode("utf-16-be"),
                     "base64": base64.b64encode(secret), "base64one": base64.b64encode(b"1" + secret + b"2345"),
                     "base64two": base64.encodebytes(b"22" + secret + b"1" * 70), "none": secret[::-1]}.items():
    open("control/" + name, "wb").write(octets)
END
is "$(search control | sort | cut -d ' ' -f 1 | xargs -n 1 basename | paste -sd ' ')" \
  "base64 base64one base64two hex plain upper utf16 utf16be"
rm -r control secrets/control

step "a home, a ceremony, tokens unlocked with right and wrong PINs"
fast_ceremony fast.yaml
heard init sealroom init --softhsm
for pin in "$home"/pins/*; do (umask 077; tr -d '\n' <"$pin" >"secrets/$(basename "$pin")"); done
start_daemon
mkdir "$medium/ceremony"
heard ceremony sealroom ceremony run fast.yaml --medium "$medium/ceremony"
grep -q . heard/ceremony.stdout || fail "no ceremony"
heard lock sealroom lock
for name in wrong-file wrong-fd; do secret "$name"; done
heard wrong1 sealroom unlock root --pin-file secrets/wrong-file
heard wrong2 sealroom unlock root --pin-fd 7 7<secrets/wrong-fd
grep -q "wrong PIN" heard/wrong1.stderr && grep -q "wrong PIN" heard/wrong2.stderr || fail "no wrong PIN was tried"
heard unlock sealroom unlock root --pin-fd 7 7<"$home/pins/sealroom-root.pin"
heard unlock-all sealroom unlock --all
heard replace sealroom audit replace-key --lost --reason "tried with a wrong PIN" --pin-file secrets/wrong-file

step "requests with a challengePassword, a private key in the wrong place; signed and exported"
secret challenge
requests=$medium/requests/intermediate
mkdir -p "$requests/server_cert"
cat >challenge.cnf <<END
[req]
prompt = no
distinguished_name = name
attributes = attributes
req_extensions = extensions
[name]
CN = c.example.com
[attributes]
challengePassword = $(cat secrets/challenge)
[extensions]
subjectAltName = DNS:c.example.com
END
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config challenge.cnf \
  -keyout "$keys/c.key" -out "$requests/server_cert/c.csr" 2>/dev/null
openssl req -in "$requests/server_cert/c.csr" -noout -text | contains "$(cat secrets/challenge)" || fail "no challengePassword"
client_csr "$requests/client_cert/a.csr" a
grep -v -e ----- "$keys/c.key" >secrets/leaf-key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/stray.key" 2>/dev/null
grep -v -e ----- "$keys/stray.key" >secrets/stray-key
for place in intermediate/server_cert/stray.csr intermediate/other_profile/stray.csr stray.csr; do
  mkdir -p "$(dirname "$medium/requests/$place")"
  cp "$keys/stray.key" "$medium/requests/$place"
done
cat "$keys/c.key" "$requests/server_cert/c.csr" >"$requests/server_cert/both.csr"
heard check sealroom check --issuer intermediate --profile server_cert "$requests/server_cert"
heard import sealroom import "$medium" --json
batch=$(look 'd["batch"]' <heard/import.stdout)
heard show sealroom batch show "$batch" --json
heard sign sealroom sign "$batch"
heard export sealroom export "$batch" "$medium"
out=$medium/issued/$batch
[ -e "$out/intermediate/server_cert/c.cert.pem" ] || fail "the request with the challengePassword was not issued"
heard rotate sealroom audit rotate-key
grep -q "rotated" heard/rotate.stdout || fail "no rotation"
heard audit sealroom audit export "$medium"
heard log sealroom audit show --json
heard verify "$bin/sealroom-verify" "$out"
heard status sealroom status --json
heard recover sealroom recover

step "stores of Java"
for name in store-password key-password; do secret "$name"; done
heard pack-keystore "$bin/sealroom-pack" keystore --cert "$out/intermediate/server_cert/c.fullchain.pem" --key "$keys/c.key" \
  --alias c --out stores/c.jks --store-password-from file:secrets/store-password --key-password-from file:secrets/key-password
heard pack-pkcs12 "$bin/sealroom-pack" keystore --type pkcs12 --cert "$out/intermediate/server_cert/c.fullchain.pem" \
  --key "$keys/c.key" --alias c --out stores/c.p12 --store-password-from fd:7 7<secrets/store-password
heard pack-truststore "$bin/sealroom-pack" truststore --entry "root=$out/ca/root.cert.pem" --out stores/trust.jks \
  --store-password-from file:secrets/store-password
heard pack-inspect "$bin/sealroom-pack" inspect stores/c.jks --store-password-from file:secrets/store-password
heard pack-wrong "$bin/sealroom-pack" inspect stores/c.p12 --store-password-from file:secrets/key-password
for store in c.jks c.p12 trust.jks; do [ -s "stores/$store" ] || fail "no $store"; done

step "nothing of it is anywhere but where it belongs"
cp -r "$home/ledger" ledger.living # with the WAL as it is while the daemon lives
sealroom lock >/dev/null
rm watching
wait "$watcher"
stop_daemon
cp daemon.stdout daemon.stderr heard/
for program in sealroomd sealroom sealroom-pack sealroom-verify; do
  grep -qa -- "$bin/$program" heard/processes || fail "no process of $program was seen"
done
rm -r "$medium/requests"
EXCEPT=$home/tokens:$home/pins search "$home" ledger.living "$medium" heard stores >found
# The one exception, which docs/operations.md names: the ledger keeps each request as it came. A private key is no
# request, and no octet of it is kept.
grep -v -e "^home/ledger/ledger.db challenge$" -e "^ledger.living/ledger.db\(-wal\)\? challenge$" found >wrong || true
[ ! -s wrong ] || fail "secrets were found: $(cat wrong)"
grep -q "challenge$" found || fail "the ledger does not keep requests: docs/operations.md says that it does"
is "$(search secrets | wc -l)" "$(find secrets -type f | wc -l)" "secrets that the search knows"
echo "canary: ok"
