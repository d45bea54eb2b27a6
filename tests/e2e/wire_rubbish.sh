#!/usr/bin/env bash
# Clients that send rubbish, stall, lie about lengths or never read: the daemon survives each of them and answers another
# client meanwhile.
. "$(dirname "$0")/lib/session.sh" "$@"

open_home
sealroom lock root >/dev/null
sealroom audit show --json >before
cp "$tests/lib/wire.py" .
cat >rubbish.py <<'E'
import array, base64, json, os, random, signal, socket, struct, sys, time
from wire import Client, Raw, Refused

home, daemon = sys.argv[1], int(sys.argv[2])
good = Client(home)

def still_there():
    begin = time.monotonic()
    assert good.call("status")["format"] == "sealroom-status/1"
    assert time.monotonic() - begin < 10, "the good client had to wait"

def hung_up(raw, what):
    """The daemon says why, or nothing, and hangs up."""
    answers = []
    while (answer := raw.receive()) is not None:
        answers.append(answer)
        assert "error" in answer, f"{what}: answered with {answer}"
    still_there()
    return answers

def refused(client, method, what, **parameters):
    try:
        client.call(method, **parameters)
    except Refused as error:
        still_there()
        return error.error
    raise AssertionError(f"{what}: was answered")

def job_error(client, job):
    for _ in range(200):
        try:
            assert client.call("job.look", job=job)["state"] == "running", "the job was done"
            time.sleep(0.02)
        except Refused as error:
            return error.error
    raise AssertionError("the job never ended")

def hello():
    raw = Raw(home)
    raw.send({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"version": 1}})
    assert "result" in raw.receive()
    return raw

print("lengths")
for length in (0, (1 << 20) + 1, 1 << 31, (1 << 32) - 1):
    raw = Raw(home)
    raw.octets(struct.pack(">I", length))
    assert hung_up(raw, f"length {length}")
raw = hello()
raw.octets(struct.pack(">I", (1 << 20) + 1) + b"x" * 100)
hung_up(raw, "a long frame after hello")

print("not JSON, not JSON-RPC")
for text in (b"\0", b"{", b"[]", b"null", b"{}", b"[{}]", b"\xff\xfe{}", b'{"a":1,"a":2}', b"[" * 5000 + b"]" * 5000,
             b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1},"surprise":1}',
             b'{"jsonrpc":"1.0","id":1,"method":"hello"}', b'{"jsonrpc":"2.0","method":"hello"}',
             b'{"jsonrpc":"2.0","id":{},"method":"hello"}', b'{"jsonrpc":"2.0","id":1,"method":7}',
             b'{"jsonrpc":"2.0","id":1,"method":"hello","params":[1]}', b"1e99999", b'"' + b"x" * 100000 + b'"'):
    raw = Raw(home)
    raw.frame(text)
    assert hung_up(raw, text[:40]), f"no reason given: {text[:40]}"
    raw = hello()
    raw.frame(text)
    hung_up(raw, text[:40])

print("no hello, the wrong hello, hello twice")
for message in ({"method": "status"}, {"method": "hello"}, {"method": "hello", "params": {"version": 2}},
                {"method": "hello", "params": {"version": "1"}}, {"method": "hello", "params": {"version": -1}}):
    raw = Raw(home)
    raw.send({"jsonrpc": "2.0", "id": 1, **message})
    assert hung_up(raw, message)
client = Client(home)
refused(client, "hello", "hello twice", version=1)

print("unknown methods, wrong parameters: an error each, and the connection lives on")
client = Client(home)
for method in ("", "nothing", "status ", "STATUS", "../status", "x" * 128, "status\n", "\u2603"):
    if method:
        assert refused(client, method, method)["code"]
for method, parameters in (
        ("status", {"surprise": 1}), ("batch.show", {}), ("batch.show", {"batch": 7}), ("batch.show", {"batch": None}),
        ("batch.show", {"batch": "../../etc/passwd"}), ("batch.show", {"batch": "x" * 100000}),
        ("batch.report", {"batch": "B-20260101-0001", "from": -1}), ("certificate.show", {"serial": "zz"}),
        ("certificate.show", {"serial": "'; DROP TABLE certificates; --"}), ("issuer.show", {"issuer": "\0"}),
        ("certificate.list", {"issuer": "", "after": True}), ("audit.lines", {"from": "0"}), ("audit.lines", {"from": -1}),
        ("job.look", {"job": 1}), ("job.look", {"job": "-1"}), ("job.look", {"job": "99999999999999999999999"}),
        ("unlock", {"owner": "root"}), ("unlock", {"owner": "root", "accept_final_try": "yes"}),
        ("import.add", {"files": {}}), ("import.add", {"files": [7]}), ("import.add", {"files": [{}]}),
        ("import.add", {"files": [{"path": "###", "octets": ""}]}), ("import.add", {"files": [{"path": "YQ==", "octets": "#"}]}),
        ("import.add", {"files": [{"path": "YQ==", "octets": "", "surprise": 1}]}), ("export.next", {}),
        ("issuer.install", {"issuer": "root", "chain_pem": "rubbish", "fingerprint": "0"}),
        ("lock", {"owner": "nobody"})):
    error = refused(client, method, f"{method} {str(parameters)[:60]}", **parameters)
    assert all(31 < ord(c) < 127 for c in error["message"]), "an error with characters that are not printable"
    try:
        client.call("status")
    except OSError as error:
        raise AssertionError(f"{method} {str(parameters)[:60]} ended the connection: {error}")
for method in ("import.run", "sign", "batch.replan", "export.open", "ceremony.generate-key", "ceremony.self-sign", "ceremony.issue"):
    job = client.call(method, surprise=True)["job"]
    for _ in range(100):
        try:
            assert client.call("job.look", job=job)["state"] == "running", f"{method} was done"
            time.sleep(0.05)
        except Refused:
            break
    else:
        raise AssertionError(f"{method} with unknown parameters never ended")

print("another one's job")
assert client.call("audit.lines", **{"from": 1 << 52})["lines"] == []
assert client.call("audit.lines", **{"from": 0, "to": (1 << 53) - 1})["lines"]
for method, parameters in (("audit.lines", {"from": 0, "to": 1 << 53}), ("audit.prove", {"entry": 0, "to": (1 << 64) - 1}),
                           ("audit.checkpoints", {"from": 1 << 63})):
    try:
        client.call(method, **parameters)
        raise AssertionError(f"{method} took {parameters}")
    except Refused as error:
        assert "below 2^53" in str(error), error

print("descriptors where none belong")
raw = Raw(home)
pipe = os.pipe()
text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"version": 1}}).encode()
raw.socket.sendmsg([struct.pack(">I", len(text)) + text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", pipe))])
hung_up(raw, "descriptors before hello")
raw = hello()
many = array.array("i", [pipe[0]] * 200)
try:
    raw.socket.sendmsg([struct.pack(">I", 10)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])
    hung_up(raw, "200 descriptors")
except OSError:
    still_there()
raw = hello()
text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "unlock", "params": {"owner": "root"}}).encode()
begin = time.monotonic()
raw.socket.sendmsg([struct.pack(">I", len(text)) + text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", pipe[:1]))])
answer = raw.receive()
assert "error" in answer and time.monotonic() - begin < 10, "a pipe without a PIN stalls"
still_there()

print("a pipe beside a call that takes none")
raw = hello()
text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "status"}).encode()
raw.socket.sendmsg([struct.pack(">I", len(text)) + text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", pipe[:1]))])
assert "takes no descriptor" in raw.receive()["error"]["message"]

print("sockets that linger when they are closed, before hello and after it")
def lingering():
    """A connection with much unsent, whose last close waits for a minute."""
    listener = socket.create_server(("127.0.0.1", 0))
    sender = socket.create_connection(listener.getsockname())
    sender.setblocking(False)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    try:
        while True:
            sender.send(b"x" * 65536)
    except BlockingIOError:
        return listener, sender
for start in (lambda: Raw(home), hello):
    raw = start()
    listener, sender = lingering()
    os.kill(daemon, signal.SIGSTOP)  # so that the daemon's close is the last one, not ours
    raw.socket.sendmsg([struct.pack(">I", 10)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sender.fileno()]))])
    sender.close()
    os.kill(daemon, signal.SIGCONT)
    hung_up(raw, "a socket in place of a pipe")
    listener.close()

print("uploads are bounded: each member, and all connections together")
name = "eA=="
client = Client(home)
def long(size):
    return base64.b64encode(b"a" * size).decode()
for member in ({"path": long(4097)}, {"refused": "x" * 65}, {"refused": "x", "detail": "x" * 1025}, {"ignored": "x" * 1025}):
    error = refused(client, "import.add", str(member)[:40], files=[{"path": name, **member}])
    assert "longer than" in error["message"], error
assert client.call("import.add", files=[{"path": long(4096), "refused": "x" * 64, "detail": "x" * 1024},
                                        {"path": name, "ignored": "x" * 1024}]) == {"files": 2}
for parameters in ({"reissue": "x" * 16385, "reason": "x"}, {"reissue": "x", "reason": "x" * 1025}):
    error = job_error(client, client.call("import.run", **parameters)["job"])
    assert "longer than" in error["message"], error
assert client.call("import.add", files=[{"path": name, "ignored": "x"}]) == {"files": 1}, "a failed run keeps its upload"
uploaders = [Client(home) for _ in range(3)]
large = [{"path": name, "octets": base64.b64encode(bytes(700_000)).decode()}]
try:
    for number in range(1000):
        uploaders[number % 3].call("import.add", files=large)
    raise AssertionError("700 MB were taken")
except Refused as error:
    assert "all imports together" in str(error), error
still_there()
for uploader in uploaders:
    uploader.socket.close()
still_there()
for number in range(100):
    client.call("import.add", files=large)
client.socket.close()

print("stalling, hanging up, never reading")
stalled = [Raw(home) for _ in range(12)]
for number, raw in enumerate(stalled):
    raw.octets(b"\0\0\1\0{"[: number % 6])
still_there()
for raw in stalled:
    raw.socket.close()
still_there()
deaf = hello()
deaf.socket.settimeout(2)
try:
    for _ in range(3000):
        deaf.send({"jsonrpc": "2.0", "id": 1, "method": "audit.lines", "params": {"from": 0}})
except OSError:
    pass
still_there()
Client(home).call("status")
deaf.socket.close()
slow = Raw(home)
text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"version": 1}}).encode()
for octet in struct.pack(">I", len(text)) + text:
    slow.octets(bytes([octet]))
assert "result" in slow.receive(), "octet by octet"

print("noise")
random.seed(20)
for _ in range(200):
    raw = Raw(home) if random.random() < 0.5 else hello()
    try:
        raw.octets(bytes(random.randrange(256) for _ in range(random.randrange(1, 300))))
        raw.socket.shutdown(socket.SHUT_WR)
        while raw.receive() is not None:
            pass
    except (ConnectionError, OSError):
        pass
still_there()
print("two clients at once")
second = Client(home)
for client in (good, second) * 20:
    assert client.call("batch.list")["batches"]
E
python3 rubbish.py "$home" "${daemon[$home]}" || fail "see above"

step "the daemon is the one of the beginning, and nothing was signed, unlocked or written"
kill -0 "${daemon[$home]}" || fail "the daemon is gone"
sealroom audit show --json | cmp -s before - || fail "the log has grown: $(sealroom audit show | tail -n 3)"
expect_exit 0 sealroom audit verify
if [ -r "/proc/${daemon[$home]}/fd" ]; then
  descriptors=$(find "/proc/${daemon[$home]}/fd" -type l | wc -l)
  [ "$descriptors" -lt 60 ] || fail "$descriptors descriptors are still open"
fi
stop_daemon
echo "wire_rubbish: ok"
