"""What must be true of log, ledger and media after a crash, recomputed with nothing but the standard library.

crash_state.py crashed LOG MEDIA BEFORE SIGNATURES     right after the restart: the log had BEFORE entries before the run,
                                                       in which the token signed SIGNATURES times
crash_state.py finished LOG LATER CERTIFICATES MEDIA   after everything was accounted for and signed

MEDIA is a pattern of folders that exports were written to.
"""
import base64
import collections
import glob
import hashlib
import json
import sys


def sha(octets):
    return hashlib.sha256(octets).digest()


def roots(leaves, sizes):
    """Merkle Tree Hash (RFC 6962 section 2.1) of the first n leaves, for each n of sizes."""
    found, whole = {}, []  # whole: complete subtrees from left to right, as (leaves, hash)
    for number, octets in enumerate(leaves, 1):
        whole.append((1, sha(b"\0" + octets)))
        while len(whole) > 1 and whole[-1][0] == whole[-2][0]:
            size, right = whole.pop()
            whole[-1] = 2 * size, sha(b"\1" + whole[-1][1] + right)
        if number in sizes:
            root = whole[-1][1]
            for _, left in reversed(whole[:-1]):
                root = sha(b"\1" + left + root)
            found[number] = root
    return found


def lines_of(path):
    with open(path, "rb") as file:
        return file.read().splitlines()


def extends_every_checkpoint(lines, media):
    checkpoints = {}
    for path in glob.glob(f"{media}/issued/*/audit/checkpoint"):
        with open(path, encoding="utf-8") as file:
            _, size, root = file.read().split("\n")[:3]
        checkpoints[path] = int(size), base64.b64decode(root)
    assert checkpoints, "no checkpoint was exported before"
    known = roots(lines, {size for size, _ in checkpoints.values()})
    for path, (size, root) in checkpoints.items():
        assert size <= len(lines), f"{path}: the log is shorter than this checkpoint"
        assert known[size] == root, f"{path}: the log is not the one of this checkpoint"


def serials(entries, event):
    return [entry["details"]["serial"] for entry in entries if entry["event"] == event]


def check_order(entries):
    """No serial twice; and nothing is issued that was not started, nothing started that was not planned."""
    planned, started = set(), set()
    for entry in entries:
        serial = entry["details"].get("serial")
        if entry["event"] == "certificate.planned":
            assert serial not in planned, f"serial {serial} was given twice"
            planned.add(serial)
        elif entry["event"] == "certificate.started":
            assert serial in planned and serial not in started, f"{serial} was started without a plan, or twice"
            started.add(serial)
        elif entry["event"] == "certificate.issued":
            assert serial in started, f"{serial} was issued and not started before"
    issued = serials(entries, "certificate.issued")
    assert len(issued) == len(set(issued)), "a serial was issued twice"
    return started, set(issued)


def exported_serials(media):
    for path in glob.glob(f"{media}/issued/*/report.json"):
        with open(path, encoding="utf-8") as file:
            for request in json.load(file)["requests"]:
                if request["state"] == "issued":
                    yield path, request["serial"]


def crashed(log, media, before, signatures):
    lines = lines_of(log)
    entries = [json.loads(line) for line in lines]
    extends_every_checkpoint(lines, media)
    started, issued = check_order(entries)
    for path, serial in exported_serials(media):
        assert serial in issued, f"{path}: certificate {serial} is outside and not in the ledger"
    # Each certificate that the token signed had its durable start. Once all are issued the log key signs checkpoints.
    begun = set(serials(entries[int(before):], "certificate.started"))
    if int(signatures) > len(begun):
        assert begun and begun <= issued, f"the token signed {signatures} times, and {len(begun)} starts are durable"


def finished(log, later, certificates, media):
    before, lines = lines_of(log), lines_of(later)
    assert lines[: len(before)] == before, "entries that were there after the crash have changed"
    extends_every_checkpoint(lines, media)
    entries = [json.loads(line) for line in lines]
    _, issued = check_order(entries)
    with open(certificates, encoding="utf-8") as file:
        rows = json.load(file)["certificates"]
    assert len({row["serial"] for row in rows}) == len(rows), "a serial is in the ledger twice"
    assert {row["serial"] for row in rows if row["state"] == "issued"} == issued, "log and ledger disagree"
    of_request = {e["details"]["serial"]: e["details"]["request_sha256"] for e in entries
                  if e["event"] == "certificate.planned"}
    issues = collections.Counter(of_request[serial] for serial in issued)
    for request in set(of_request.values()):
        assert issues[request] == 1, f"request {request[:16]} was issued {issues[request]} times"
    exported = {serial for _, serial in exported_serials(media)}
    assert exported == issued, "not exactly what was issued is outside"


{"crashed": crashed, "finished": finished}[sys.argv[1]](*sys.argv[2:])
