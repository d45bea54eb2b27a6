"""What became durable before what, read from the system calls of a daemon: crash_order.py TRACE BATCH FOLDER SIZE.

TRACE is of strace -f -y -ttt -s 5000 with the daemon's writes and syncs; the shim writes a line for each call of the
token, so one trace has both. BATCH had SIZE certificates and was exported to FOLDER. The ledger's write-ahead log holds
the entries as they are, so a page that is written shows which entries are about to become durable.
"""
import os
import re
import sys

LINE = re.compile(r"^(\d+) +(\d+\.\d+) (\w+)\((.*)")
RESUMED = re.compile(r"^(\d+) +(\d+\.\d+) <\.\.\. (\w+) resumed>")
ENTRY = re.compile(r'\\"details\\":\{(.*?)\\"event\\":\\"([a-z.-]+)\\"')
SERIAL = re.compile(r'\\"serial\\":\\"([0-9A-F]+)\\"')
NOTE = re.compile(r"\\n\\n\\342\\200\\224 ([^ ]+) ([A-Za-z0-9+/=]+)")


def steps(trace, batch):
    """In order: ("entry", event, serial) and ("note", signature) once written, ("durable",), ("sign",)."""
    known, syncing = set(), set()
    with open(trace, encoding="utf-8", errors="replace") as file:
        for line in file:
            resumed = RESUMED.match(line)
            if resumed and resumed[1] in syncing:
                syncing.discard(resumed[1])
                yield float(resumed[2]), ("durable",)
                continue
            match = LINE.match(line)
            if not match:
                continue
            thread, time, call, rest = match.groups()
            if call in ("write", "pwrite64") and "ledger.db-wal>" in rest:
                for details, event in ENTRY.findall(rest):
                    serial = SERIAL.search(details)
                    found = ("entry", event, serial[1] if serial else "")
                    if batch in details and found not in known:
                        known.add(found)
                        yield float(time), found
                for note in NOTE.findall(rest):
                    if note not in known:
                        known.add(note)
                        yield float(time), ("note", note[1])
            elif call in ("fsync", "fdatasync") and "ledger.db-wal>" in rest:
                if "unfinished" in rest:
                    syncing.add(thread)
                else:
                    yield float(time), ("durable",)
            elif call == "write" and " C_Sign\\n" in rest:
                yield float(time), ("sign",)


def count(event, among):
    return sum(1 for step in among if step[:2] == ("entry", event))


def check_signature(signed, size, durable):
    if signed <= size:
        assert count("certificate.started", durable) >= signed, f"C_Sign {signed} had no durable start"
    elif signed == size + 1:
        assert count("certificate.issued", durable) == size, "a checkpoint before every outcome was durable"
    else:
        assert count("batch.exported", durable) == 1, "a checkpoint over an export that is not durable"


def check_written(step, signed, size, written, durable):
    if step[1] == "certificate.started":
        assert count("plan.recorded", durable) >= 1, "started before the plan was durable"
    elif step[1] == "certificate.issued":
        assert signed > count("certificate.issued", durable + written), "issued before it was signed"
    elif step[1] == "batch.exported":
        assert signed == size + 1 and any(s[0] == "note" for s in durable), "an export before the signing's checkpoint"


def main(trace, batch, folder, size):
    size, signed, written, durable, covered = int(size), 0, [], [], None
    for time, step in steps(trace, batch):
        if step[0] == "durable":
            durable += written
            if count("batch.exported", durable) and any(s[0] == "note" for s in written):
                covered = time
                break
            written = []
        elif step[0] != "sign":
            check_written(step, signed, size, written, durable)
            written.append(step)
        elif count("certificate.started", durable + written):  # not a trial signature of the unlocking
            signed += 1
            check_signature(signed, size, durable)
    assert covered, "no checkpoint covers the export"
    assert signed == size + 2, f"{signed} signatures for {size} certificates and two checkpoints"
    first = min(os.stat(os.path.join(base, name)).st_mtime for base, _, names in os.walk(folder) for name in names)
    assert first > covered, "a file was on the medium before the checkpoint over its export was durable"
    print(f"plan, start, {size} signatures, outcome, checkpoint, export entry, checkpoint, export: in this order")


main(*sys.argv[1:])
