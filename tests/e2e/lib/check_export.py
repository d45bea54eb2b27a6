"""Checks an exported batch with nothing but the standard library: python3 check_export.py FOLDER OUT

The log's entries, the proof of each certificate, the checkpoint, the plans and the sums are recomputed from their
documented formats. The checkpoint's signed text and its signatures are left in OUT for a program that knows ECDSA.
"""
import base64
import glob
import hashlib
import json
import os
import sys


def sha(octets):
    return hashlib.sha256(octets).digest()


def leaf(octets):
    return sha(b"\0" + octets)


def tree(leaves):
    """Merkle Tree Hash of RFC 6962 section 2.1."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaf(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + tree(leaves[:k]) + tree(leaves[k:]))


def root_from(index, size, hash_, path):
    """RFC 9162 section 2.1.3.2."""
    node, last = index, size - 1
    for sibling in path:
        assert last > 0, "a proof is too long"
        if node & 1 or node == last:
            hash_ = sha(b"\1" + sibling + hash_)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash_ = sha(b"\1" + hash_ + sibling)
        node, last = node >> 1, last >> 1
    assert last == 0, "a proof is too short"
    return hash_


def roots_from(first, second, path, first_root):
    """RFC 9162 section 2.1.4.2: the two roots that a consistency proof leads to."""
    if first == second:
        assert not path, "a proof between equal trees is not empty"
        return first_root, first_root
    if first & (first - 1) == 0:
        path = [first_root] + path
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        assert last > 0, "a consistency proof is too long"
        if node & 1 or node == last:
            old, new = sha(b"\1" + sibling + old), sha(b"\1" + sibling + new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = sha(b"\1" + new + sibling)
        node, last = node >> 1, last >> 1
    assert last == 0, "a consistency proof is too short"
    return old, new


class Note:
    """A C2SP signed note that holds a checkpoint."""

    def __init__(self, octets):
        text, _, signatures = octets.decode().rpartition("\n\n")
        self.text = (text + "\n").encode()
        self.origin, size, root = text.split("\n")
        self.size = int(size)
        self.root = base64.b64decode(root, validate=True)
        self.signatures = []
        for line in signatures.splitlines():
            dash, name, value = line.split(" ")
            assert dash == "\u2014" and name == self.origin, "a signature line is not the log's"
            self.signatures.append(base64.b64decode(value, validate=True))


def der_of(pem, label):
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    return base64.b64decode(pem.split(begin)[1].split(end)[0])


def element(der, at=0):
    """Start of the content and end of the DER element at `at`."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[start:start + count], "big"), start + count
    return start, start + length


def to_be_signed(certificate):
    at = element(certificate)[0]
    return certificate[at:element(certificate, at)[1]]


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def main(folder, out):
    note_octets = read(folder, "audit/checkpoint")
    note = Note(note_octets)
    key = der_of(read(folder, "audit/log-key.pem").decode(), "PUBLIC KEY")
    assert len(note.signatures) == 1 and note.signatures[0][:4] == sha(key)[:4], "not signed with the log's key"
    with open(os.path.join(out, "note.text"), "wb") as file:
        file.write(note.text)
    with open(os.path.join(out, "note.signature"), "wb") as file:
        file.write(note.signatures[0][4:])

    lines = read(folder, "audit/entries.jsonl").splitlines()
    entries = {}
    for line in lines:
        entry = json.loads(line)
        assert json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() == line, "an entry is not canonical"
        previous = entries.get(entry["seq"] - 1)
        assert previous is None or entry["prev"] == sha(previous[1]).hex(), f"entry {entry['seq']} is not chained"
        entries[entry["seq"]] = (entry, line)

    def proven(path):
        head, _, proof_note = read(folder, path).partition(b"\n\n")
        kind, index, *hashes = head.decode().split("\n")
        assert kind == "c2sp.org/tlog-proof@v1" and proof_note == note_octets, path
        number = int(index.removeprefix("index "))
        entry, line = entries[number]
        root = root_from(number, note.size, leaf(line), [base64.b64decode(h) for h in hashes])
        assert root == note.root, f"{path}: does not lead to the checkpoint's root"
        return entry

    certificates = {}
    for path in sorted(glob.glob(f"{folder}/*/*/*.cert.pem")):
        certificate = der_of(read(path).decode(), "CERTIFICATE")
        stem = os.path.relpath(path, folder).removesuffix(".cert.pem")
        entry = proven(f"audit/proofs/{stem}.proof")
        details = entry["details"]
        assert entry["event"] == "certificate.issued", stem
        assert details["certificate_sha256"] == sha(certificate).hex(), f"{stem}: another certificate is proven"
        assert details["tbs_sha256"] == sha(to_be_signed(certificate)).hex(), stem
        certificates[details["serial"]] = certificate
        print(f"proven: {stem} is entry {entry['seq']} of {note.size}")

    # What is outside audit/ is recorded in the entry of this very export.
    sums = ""
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(base, name), folder)
            if path != "SHA256SUMS" and not path.startswith("audit/"):
                sums += f"{sha(read(folder, path)).hex()}  {path}\n"
    exported = proven("audit/proofs/export.proof")
    content = sha("".join(sorted(sums.splitlines(True), key=lambda s: s[66:])).encode()).hex()
    assert exported["event"] == "batch.exported" and exported["details"]["content_sha256"] == content, "other contents"

    recorded = {e["details"]["issuer"]: e["details"] for e, _ in entries.values() if e["event"] == "plan.recorded"}
    for path in sorted(glob.glob(f"{folder}/audit/plan/*.json")):
        octets = read(path)
        document = json.loads(octets)
        issuer = document["issuer"]
        digest = sha(b"sealroom-plan/1\n" + octets).hex()
        assert recorded[issuer]["digest"] == digest, f"the log has another digest of plan {issuer}"
        requests = read(path.removesuffix(".json") + ".requests.jsonl").splitlines()
        assert document["requests"] == len(requests) and document["requests_root"] == tree(requests).hex(), issuer
        accepted = [json.loads(line) for line in requests if b'"verdict":"accepted"' in line]
        assert document["count"] == len(accepted), issuer
        if all(line["serial"] in certificates for line in accepted):
            octets_in_order = [to_be_signed(certificates[line["serial"]]) for line in accepted]
            assert document["tbs_root"] == tree(octets_in_order).hex(), f"plan {issuer}: other certificates were signed"
            print(f"plan {issuer}: {digest} covers the {len(accepted)} certificates that were signed")

    consistency = os.path.join(folder, "audit/proofs/consistency")
    if os.path.exists(consistency):
        kind, first, second, *hashes = read(consistency).decode().splitlines()
        before = Note(read(folder, "audit/proofs/previous-checkpoint"))
        assert kind == "sealroom-consistency-proof/1" and first == f"from {before.size}" and second == f"to {note.size}"
        old, new = roots_from(before.size, note.size, [base64.b64decode(h) for h in hashes], before.root)
        assert old == before.root and new == note.root, "the log does not continue the one of the previous export"
        print(f"consistent: {before.size} to {note.size}")


main(sys.argv[1], sys.argv[2])
