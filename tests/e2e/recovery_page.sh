#!/usr/bin/env bash
# What docs/recovery.md tells people to type is what sessions type: each command of it, with its options, stands in one of
# them; and its links lead somewhere.
. "$(dirname "$0")/lib/session.sh" "$@"

step "every command of the page is run by a session, and known to the programs"
"$bin/sealroom" --help >help
python3 - "$tests" help <<'END'
import pathlib, re, sys
tests = pathlib.Path(sys.argv[1])
page = (tests / "../../docs/recovery.md").resolve().read_text()
sessions = "\n".join(re.sub(r"\\\n\s*", "", path.read_text()) for path in sorted(tests.glob("*.sh")) if path.name != "recovery_page.sh")
names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?= |$)", open(sys.argv[2]).read(), re.M)
typed = [line.strip() for block in re.findall(r"^ *```\n(.*?)^ *```", page, re.M | re.S) for line in block.splitlines()]
typed = [line for line in typed if line.startswith("sealroom")]
assert len(typed) > 15, "the page has no commands"
for line in typed:
    words = [word for word in line.split() if word != "HOME"]
    program, words = words[0], [word for word in words[1:] if word != "--home"]
    options = sorted({word for word in words if word.startswith("--")})
    plain = [word for word in words if not word.startswith("--")]
    command = ""
    if program == "sealroom":
        command = next((" ".join(plain[:n]) for n in (2, 1) if " ".join(plain[:n]) in names), None)
        assert command, f"no such command: {line}"
    said = rf"\bsealroom (?:--home \S+ )?{command}\b" if program == "sealroom" else r"\b(?:verify|result)\b"
    found = any(re.search(said, run) and all(option in run for option in options) for run in sessions.splitlines())
    assert found, f"no session runs: {line}"
def anchor(title):
    return re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
for file, target in re.findall(r"\]\(([a-z-]*\.?m?d?)#([a-z0-9-]+)\)", page):
    text = page if not file else (tests / "../../docs" / file).resolve().read_text()
    assert target in map(anchor, re.findall(r"^#+ (.*)$", text, re.M)), f"a link leads nowhere: {file}#{target}"
print(f"{len(typed)} commands")
END
echo "recovery_page: ok"
