#!/usr/bin/env bash
# Daemons that are absent, doubled, stopped, killed, and homes that are half-made, wrong or elsewhere.
. "$(dirname "$0")/lib/session.sh" "$@"

daemon_refuses() {
  ! try_daemon || fail "the daemon started: $*"
  is "$daemon_code" "$1" "the daemon's exit code"
  grep -q '^sealroomd: error: ' daemon.stderr || fail "no error line"
  grep -qF -- "$2" daemon.stderr || fail "the daemon does not say: $2"
}

step "no home: exit 2; no daemon: exit 1; the hint says what to do"
expect_exit 2 sealroom status
complains "is not a Sealroom home"
complains "init"
daemon_refuses 2 "No such file or directory"
sealroom init --softhsm >/dev/null
for command in status "batch list" "sign B-20260101-0001" "process $medium" "unlock --all"; do
  expect_exit 1 sealroom $command
  complains "sealroom: error: no daemon is running"
  complains "hint: start it: sealroomd --home"
done
is "$(ls -A "$medium")" "" "written without a daemon"

step "a home whose path cannot be shown: exit 2"
cp -a "$home" whole
for name in $'octet \xff' $'line\nfeed'; do
  home=$work/$name
  cp -a whole "$home"
  daemon_refuses 2 "its path is not UTF-8, or has control characters"
  rm -rf "$home"
done
home=$work/$'gr\u00fcn'
cp -a whole "$home"
start_daemon
expect_exit 0 sealroom status --json
stop_daemon
home=$work/home

step "a home that is half-made: exit 2, and what is missing is named"
for part in sealroom.yaml issuers ledger run; do
  rm -rf "${home:?}/$part"
  daemon_refuses 2 "$part is missing"
  rm -rf "$home"
  cp -a whole "$home"
done
rm "$home/ledger/ledger.db"
! try_daemon || fail "a daemon without ledger"
[ ! -e "$home/ledger/ledger.db" ] || fail "an empty ledger was made in place of a lost one"
grep -q ledger daemon.stderr || fail "the ledger is not named"
rm -rf "$home"
cp -a whole "$home"
echo "not a database, but long enough to be read as the beginning of one, in every respect" >"$home/ledger/ledger.db"
start_daemon # it stays up to be asked, see ledger_trouble.sh
expect_exit 6 sealroom status
kill_daemon
rm -rf "$home"
cp -a whole "$home"

step "broken configuration: exit 2, with file and line"
broken() { # FILE SED-SCRIPT FILE:LINE
  sed -i "$2" "$home/$1"
  ! cmp -s "$home/$1" "whole/$1" || fail "the test changes nothing in $1: $2"
  daemon_refuses 2 "$3"
  cp "whole/$1" "$home/$1"
}
line_of() { grep -n -- "$2" "whole/$1" | head -n 1 | cut -d: -f1; }
broken sealroom.yaml '$a surprise: 1' "sealroom.yaml:$(($(wc -l <whole/sealroom.yaml) + 1))"
broken sealroom.yaml '/^log:/i log: {key: x, origin: y}' "sealroom.yaml:$(($(line_of sealroom.yaml '^log:') + 1))"
broken sealroom.yaml '/server_cert:/s/365/lots/' "sealroom.yaml:$(line_of sealroom.yaml server_cert:)"
broken sealroom.yaml '/^issuers:/s/$/ [/' "sealroom.yaml:"
broken issuers/root.cnf '/^default_md/s/sha256/sha1/' "issuers/root.cnf:$(line_of issuers/root.cnf '^default_md')"
broken issuers/root.cnf '/^default_md/i surprise = 1' "issuers/root.cnf:$(line_of issuers/root.cnf '^default_md')"
broken issuers/root.cnf '/^default_md/i default_days = 3' "issuers/root.cnf:"
broken issuers/intermediate.cnf '1i .include /etc/passwd' "issuers/intermediate.cnf:1"
broken issuers/intermediate.cnf '/^private_key/s/;type=private/;pin-value=1234/' "issuers/intermediate.cnf: private_key"
! grep -q 'pin-value=1234' daemon.stderr || fail "the error repeats a PIN"
broken issuers/intermediate.cnf '/^\[server_cert\]/,/^$/s/CA:FALSE/CA:TRUE/' "issuers/intermediate.cnf"
rm "$home/issuers/root.cnf"
daemon_refuses 2 "root"
cp whole/issuers/root.cnf "$home/issuers/root.cnf"

step "init: an existing home is refused and stays as it is; what an interrupted one left is replaced"
find "$home" -printf '%P %m %s %T@\n' | sort >before
expect_exit 2 sealroom init --softhsm
complains "exists already and is not empty"
find "$home" -printf '%P %m %s %T@\n' | sort | cmp -s before - || fail "init changed the home"
expect_exit 2 sealroom init
complains "--module"
expect_exit 2 sealroom init --softhsm --profiles surprise
mkdir -p "$work/other.partial/old"
expect_exit 2 "$bin/sealroom" --home "$work/other" init --softhsm
complains "was not left by an init"
[ -d "$work/other.partial/old" ] || fail "somebody's folder was removed"
touch "$work/other.partial/.sealroom-init"
home=$work/other expect_exit 0 sealroom init --softhsm
[ ! -e "$work/other.partial" ] && [ ! -e "$work/other/old" ] || fail "the interrupted home was kept"
is "$(stat -c %a "$work/other/ledger" "$work/other/pins" | tr '\n' ' ')" "700 700 " "modes"
home=$work/failed
expect_exit 5 sealroom init --softhsm --module /usr/lib/nowhere.so
[ ! -e "$work/failed" ] && [ ! -e "$work/failed.partial" ] || fail "a failed init left something"
home=$work/home

step "one daemon per home"
open_home_of_whole() { start_daemon && sealroom ceremony run fast.yaml --medium "$(mktemp -d "$work/ceremony.XXXX")" >/dev/null; }
fast_ceremony fast.yaml
open_home_of_whole
first=${daemon[$home]}
! try_daemon || fail "a second daemon runs"
is "$daemon_code" 1
grep -qF "a daemon is running for this home already (process $first)" daemon.stderr || fail "the first is not named"
expect_exit 0 sealroom status

step "a clean stop leaves no socket, locks the tokens and says so in the log"
stop_daemon
start_daemon
is "$(sealroom status --json | look '[k["owner"] for k in d["keys"] if k["unlocked"]]')" "[]" "unlocked after a restart"
is "$(events daemon.stopped)" 1
for signal in INT HUP; do
  process=${daemon[$home]}
  kill -"$signal" "$process"
  wait "$process" || fail "SIG$signal does not end it well"
  [ ! -e "$home/run/sealroomd.sock" ] || fail "SIG$signal leaves the socket"
  start_daemon
done

step "kill -9 and start again: nothing is lost"
sealroom audit show --json >before
size=$(wc -l <before)
kill_daemon
[ -S "$home/run/sealroomd.sock" ] || fail "the test expects a socket of the killed daemon"
expect_exit 1 sealroom status
complains "no daemon is running"
start_daemon
sealroom audit show --json >after
head -n "$size" after | cmp -s before - || fail "the log has changed"
expect_exit 0 sealroom audit verify
expect_exit 0 sealroom unlock --all

step "a client that dies in the middle of its import leaves no batch"
mkdir -p "$medium/requests/intermediate/client_cert"
for n in $(seq 40); do client_csr "$medium/requests/intermediate/client_cert/$n.csr" "client $n"; done
batches=$(sealroom batch list --json | look 'len(d["batches"])')
python3 - "$home/run/sealroomd.sock" <<'E'
import base64, json, os, socket, struct, sys
os.chdir(os.path.dirname(sys.argv[1]))
s = socket.socket(socket.AF_UNIX)
s.connect("sealroomd.sock")
def send(text):
    s.sendall(struct.pack(">I", len(text)) + text)
def call(method, **params):
    send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode())
    size = struct.unpack(">I", s.recv(4, socket.MSG_WAITALL))[0]
    return json.loads(s.recv(size, socket.MSG_WAITALL))
assert "result" in call("hello", version=1)
path = base64.b64encode(b"intermediate/client_cert/x.csr").decode()
assert call("import.add", files=[{"path": path, "octets": path}])["result"] == {"files": 1}
s.sendall(struct.pack(">I", 1000) + b'{"jsonrpc"')
E
"$bin/sealroom" --home "$home" import "$medium" >/dev/null 2>&1 &
client=$!
{ kill -9 "$client" && wait "$client"; } 2>/dev/null || true
expect_exit 0 sealroom status
found=$(sealroom batch list --json | look 'len(d["batches"])')
[ "$found" = "$batches" ] || [ "$found" = $((batches + 1)) ] || fail "batches: $found"
is "$(sealroom batch list --json | look '[b["requests"] for b in d["batches"] if b["requests"] not in (1, 40)]')" "[]" "half a batch"

step "a job outlives its client"
sealroom import "$medium" --json >imported
batch=$(look 'd["batch"]' <imported)
"$bin/sealroom" --home "$home" sign "$batch" >/dev/null 2>&1 &
client=$!
for _ in $(seq 200); do grep -q . <(sealroom audit show --batch "$batch" --json | grep certificate.started) && break; sleep 0.02; done
{ kill -9 "$client" && wait "$client"; } 2>/dev/null || true
for _ in $(seq 200); do
  [ "$(sealroom batch show "$batch" --json | look 'sum(r.get("state") == "issued" for r in d["report"]["requests"])')" = 40 ] && break
  sleep 0.1
done
is "$(sealroom batch show "$batch" --json | look 'sum(r.get("state") == "issued" for r in d["report"]["requests"])')" 40 issued

step "jobs are bounded, and a stop waits for none that has not begun"
batches=$(sealroom batch list --json | look 'len(d["batches"])')
sealroom audit show --json | wc -l >before
cp "$tests/lib/wire.py" .
python3 - "$home" "$medium/requests/intermediate/client_cert" "$bin" <<'E'
import base64, glob, os, pty, select, subprocess, sys, time
from wire import Client, Refused
requests = [base64.b64encode(open(path, "rb").read()).decode() for path in glob.glob(sys.argv[2] + "/*.csr")]
client = Client(sys.argv[1])
for part in range(80):
    client.call("import.add", files=[{"path": base64.b64encode(f"intermediate/client_cert/{part:02}-{n:03}.csr".encode()).decode(),
                                      "octets": requests[n % len(requests)]} for n in range(500)])
jobs = [client.call("import.run")["job"]]
# Whoever waits at a terminal sees for what, though nothing of it has begun.
terminal, inside = pty.openpty()
person = subprocess.Popen([f"{sys.argv[3]}/sealroom", "--home", sys.argv[1], "recover"],
                          stdin=subprocess.DEVNULL, stdout=inside, stderr=inside)
os.close(inside)
shown = b""
while b"recovering ..." not in shown:
    shown += os.read(terminal, 1000)
person.kill()
person.wait()
jobs += [client.call("import.run")["job"] for _ in range(14)]
try:
    client.call("import.run")
    raise AssertionError("a seventeenth job was taken")
except Refused as error:
    assert "too many jobs" in str(error), error
assert client.call("job.look", job=jobs[0])["state"] == "running"

# Who waits hears of what runs, and after a while; of what has not begun, only when too many wait for it.
begin = time.monotonic()
state = client.call("job.look", job=jobs[0], wait=True)
assert state["state"] == "running" and state["total"] == 40000, state
assert time.monotonic() - begin >= 0.1, "the answer came at once"
waiting = [Client(sys.argv[1]) for _ in range(5)]
for each in waiting:
    for number in range(16):
        each.send({"jsonrpc": "2.0", "id": number, "method": "job.look", "params": {"job": jobs[14], "wait": True}})
sockets = {each.socket: each for each in waiting}
answered = []
while len(answered) < 16:  # of whichever were read first; 64 may wait
    readable = select.select(sockets, [], [], 60)[0]
    assert readable, f"only {len(answered)} answers"
    answered.append(sockets[readable[0]].receive())
assert all(answer["result"]["state"] == "running" for answer in answered), answered
assert select.select(sockets, [], [], 0.5)[0] == [], "answered before it began"
E
begin=$SECONDS
stop_daemon
[ $((SECONDS - begin)) -lt 5 ] || fail "the stop took $((SECONDS - begin)) s"
start_daemon
is "$(sealroom batch list --json | look 'len(d["batches"])')" "$batches" "batches after the stop"
is "$(sealroom audit show --json | wc -l)" $(($(cat before) + 2)) "entries: stopped, started, and nothing else"
stop_daemon

step "a daemon that cannot announce itself ends as cleanly as one that was stopped"
start_daemon
before=$(events daemon.stopped)
stop_daemon
code=0
"$bin/sealroomd" --home "$home" --ready-fd 9 9</dev/null 2>daemon.stderr || code=$?
is "$code" 1 "exit code without a descriptor to write to"
grep -qF -- "--ready-fd" daemon.stderr || fail "the descriptor is not named"
[ ! -e "$home/run/sealroomd.sock" ] || fail "it left its socket"
start_daemon
is "$(events daemon.stopped)" $((before + 2)) "stops in the log"
stop_daemon

step "killed while it signs: what was started and has no outcome blocks signing, and is named"
if [ -f "$shim" ]; then
  sed -i "s|^module:.*|module: $shim|" "$home/sealroom.yaml"
  export SEALROOM_SHIM_MODULE=$softhsm SEALROOM_SHIM_PLAN_FILE=$work/plan
  start_daemon
  sealroom unlock --all >/dev/null
  for n in 1 2 3; do client_csr "$medium/requests/intermediate/client_cert/late$n.csr" "late $n"; done
  sealroom import "$medium" --json >imported || true
  batch=$(look 'd["batch"]' <imported)
  sealroom certificate list --json >before
  echo "C_Sign:2=kill-after" >plan
  expect_exit 1 sealroom sign "$batch"
  ended_by KILL
  rm plan
  start_daemon
  expect_exit 0 sealroom unlock --all
  sealroom certificate list --json | cmp -s before - || fail "certificates without a durable outcome"
  is "$(sealroom batch show "$batch" --json | look '[r["state"] for r in d["report"]["requests"] if "state" in r]')" '["started", "started", "started"]'
  sealroom status >stdout
  says "3 certificate(s) of batch $batch were started and have no outcome"
  refuses 4 "were started and have no outcome" sealroom sign "$batch"
  complains "hint"
  client_csr "$medium/requests/intermediate/client_cert/later.csr" "later"
  expect_exit 4 sealroom process "$medium"
  complains "were started and have no outcome"
  sealroom certificate list --json | cmp -s before - || fail "something was signed before the crash was accounted for"
  expect_exit 0 sealroom audit verify

  step "accounted for: the serials are burned, the requests are planned again, signing goes on"
  burned=$(sealroom batch show "$batch" --json | look 'sorted(r["serial"] for r in d["report"]["requests"] if "serial" in r)')
  sealroom batch list --json | look 'len(d["batches"])' >batches
  expect_exit 0 sealroom recover --json
  is "$(look 'sorted(r["serial"] for r in d["burned"])' <stdout)" "$burned" "burned serials"
  again=$(look 'd["planned"][0]["batch"]' <stdout)
  is "$(look '[d["planned"][0]["requests"], d["planned"][0]["accepted"]]' <stdout)" "[3, 3]" "planned again"
  is "$(events certificate.abandoned)" 3 "burned in the log"
  is "$(sealroom audit show --json --batch "$batch" | grep -c '"proposed":"revocation"')" 3 "proposed for revocation"
  is "$(sealroom batch show "$batch" --json | look '[r["state"] for r in d["report"]["requests"] if "state" in r]')" '["abandoned", "abandoned", "abandoned"]'
  expect_exit 0 sealroom recover
  says "nothing is unaccounted for"
  is "$(sealroom batch list --json | look 'len(d["batches"])')" $(($(cat batches) + 1)) "batches"
  expect_exit 0 sealroom sign "$batch"
  expect_exit 0 sealroom sign "$again"
  is "$(sealroom batch show "$again" --json | look '[r["state"] for r in d["report"]["requests"]]')" '["issued", "issued", "issued"]'
  for serial in $(echo "$burned" | tr -d '[]",'); do
    is "$(sealroom certificate show "$serial" --json | look 'd["state"]')" abandoned "$serial"
  done
  expect_exit 0 sealroom audit verify

  step "accounted for too when another batch has the same request: it is not planned a third time"
  rm -rf "$medium/requests/intermediate"
  mkdir -p "$medium/requests/intermediate/client_cert"
  client_csr "$medium/requests/intermediate/client_cert/twice.csr" "twice"
  sealroom import "$medium" --json >imported
  batch=$(look 'd["batch"]' <imported)
  sealroom import "$medium" --json >imported
  again=$(look 'd["batch"]' <imported)
  echo "C_Sign:1=kill-before" >plan
  expect_exit 1 sealroom sign "$batch"
  ended_by KILL
  rm plan
  start_daemon
  expect_exit 0 sealroom unlock --all
  expect_exit 4 sealroom sign "$again"
  expect_exit 0 sealroom recover --json
  is "$(look '[len(d["burned"]), d["planned"]]' <stdout)" "[1, []]" "burned and planned"
  expect_exit 0 sealroom sign "$again"
  is "$(sealroom batch show "$again" --json | look '[r["state"] for r in d["report"]["requests"]]')" '["issued"]'
  stop_daemon
else
  skip "killed while it signs: $shim is not built"
fi

step "a home with a long path"
long=$work/$(printf 'a-rather-long-name-of-a-folder/%.0s' {1..8})
mkdir -p "$long"
home=$long/home
open_home
expect_exit 0 sealroom status
(cd "$long" && "$bin/sealroom" --home home status >/dev/null) || fail "a relative home"
SEALROOM_HOME=$home "$bin/sealroom" status >/dev/null || fail "SEALROOM_HOME"
stop_daemon
echo "daemon_trouble: ok"
