#!/usr/bin/env bash
# Who may do what: every method with every role, as users whom sealroom.yaml gives that role by user or by group, and as
# one whom it does not know. The table is that of docs/formats.md, section "Methods and roles"; here it stands once more so
# that a change there without a reason is noticed.
. "$(dirname "$0")/lib/session.sh" "$@"

cat >table <<'END_OF_TABLE'
auditor status doctor doctor.tokens key.list issuer.list issuer.show certificate.list certificate.show batch.list batch.show batch.report
auditor audit.lines audit.head audit.checkpoints audit.prove audit.verify job.look
operator unlock lock clock.confirm checkpoint.trust import.add import.run batch.replan export.describe export.open export.next
operator backup.make backup.read backup.written
officer sign issuer.request issuer.install key.adopt key.destroy key.foreign recover clock.correct audit.rotate-key audit.replace-key ceremony.generate-key ceremony.self-sign ceremony.issue
END_OF_TABLE

documented=$tests/../../docs/formats.md
if [ -f "$documented" ] && grep -q '^#.*Methods and roles' "$documented"; then
  step "the table in docs/formats.md says the same"
  python3 - "$documented" <<'E'
import re, sys
roles = ["auditor", "operator", "officer"]
wanted = {}
for line in open("table"):
    role, *methods = line.split()
    wanted.update({method: role for method in methods})
section = re.split(r"^#+ Methods and roles.*$", open(sys.argv[1]).read(), flags=re.M)[1]
section = re.split(r"^#+ ", section, flags=re.M)[0]
found = {}
for line in section.splitlines():
    cells = [cell.strip(" `") for cell in line.strip().strip("|").split("|")]
    if len(cells) < 4 or cells[0] in ("", "method") or set(cells[0]) <= set("-: "):
        continue
    may = [cell.lower() not in ("", "-", "no", "\u2013", "\u2014") for cell in cells[1:4]]
    assert may == sorted(may), f"{cells[0]}: a stronger role may less"
    if True in may:
        found[cells[0]] = roles[may.index(True)]
missing = {m: r for m, r in wanted.items() if found.get(m) != r}
extra = set(found) - set(wanted) - {"hello"}
assert not missing and not extra, f"other in the document: {missing}, not tested: {extra}"
print(f"{len(found)} methods documented")
E
fi

# Programs and home must be reachable for the other users.
chmod 711 "$work"
mkdir public
cp "$tests/lib/wire.py" table public
cat >public/try_all.py <<'E'
"""try_all.py HOME ROLE: calls every method and compares with the table."""
import sys
from wire import Client, Refused

strength = ["none", "auditor", "operator", "officer", "admin"]
home, role = sys.argv[1:3]
try:
    client = Client(home)
except Refused as refused:
    assert role == "none" and "has no role" in str(refused), refused
    print("none: refused at hello")
    sys.exit()
assert role != "none", "a stranger was let in"
assert client.hello["role"] == role, client.hello
cells = 0
for line in open(sys.path[0] + "/table"):
    least, *methods = line.split()
    for method in methods:
        allowed = strength.index(role) >= strength.index(least)
        try:
            # A parameter that no method knows: whoever gets past the role fails on it, and nothing happens.
            client.call(method, surprise=True)
            passed = True
        except Refused as refused:
            passed = "needs the role" not in str(refused)
        assert passed == allowed, f"{role} and {method}: {'allowed' if passed else 'refused'}"
        cells += 1
try:
    client.call("no.such.method")
    raise AssertionError("an unknown method was answered")
except Refused:
    pass
print(f"{role}: {cells} methods as in the table")
E

sealroom init --softhsm >/dev/null
cat >>"$home/sealroom.yaml" <<'E'
roles:
  users: {40001: auditor, 40002: operator, 40003: officer, 40004: admin, 40006: auditor}
  groups: {41001: auditor, 41002: operator, 41003: officer}
E
start_daemon

step "the daemon's own user is admin"
python3 public/try_all.py "$home" admin

if [ "$(id -u)" != 0 ]; then
  skip "every other user: only root can be somebody else"
  stop_daemon
  echo "roles: ok, in part"
  exit 0
fi

if ! setpriv --reuid=40001 --regid=45000 --clear-groups /usr/bin/python3 -c '' 2>/dev/null; then
  skip "every other user: /usr/bin/python3 is not there for them"
  stop_daemon
  echo "roles: ok, in part"
  exit 0
fi

# as USER GROUPS: runs the rest as that user, with these groups.
as() {
  local user=$1 groups=$2
  shift 2
  (umask 022 && setpriv --reuid="$user" --regid="${groups%%,*}" --groups="$groups" --inh-caps=-all "$@")
}
chmod 755 public
chmod 644 public/*

step "users and groups that sealroom.yaml names"
as 40001 45000 /usr/bin/python3 -B public/try_all.py "$home" auditor
as 40002 45000 /usr/bin/python3 -B public/try_all.py "$home" operator
as 40003 45000 /usr/bin/python3 -B public/try_all.py "$home" officer
as 40004 45000 /usr/bin/python3 -B public/try_all.py "$home" admin
as 40010 41001 /usr/bin/python3 -B public/try_all.py "$home" auditor
as 40011 45000,41002 /usr/bin/python3 -B public/try_all.py "$home" operator
as 40012 45000,41001,41003 /usr/bin/python3 -B public/try_all.py "$home" officer
as 40006 45000,41002 /usr/bin/python3 -B public/try_all.py "$home" operator

step "a stranger is turned away at the door, and that is in the log"
# Refusals are written after the peer was turned away.
by_stranger() { sealroom audit show --json | grep -F '"event":"peer.refused"' | grep -cF '"uid":49999' || true; }
as 49999 49999 /usr/bin/python3 -B public/try_all.py "$home" none
for _ in $(seq 50); do [ "$(by_stranger)" = 0 ] || break; sleep 0.1; done
is "$(by_stranger)" 1 "entries about the stranger"
as 49999 49999 /usr/bin/python3 -B public/try_all.py "$home" none
sleep 0.5
is "$(by_stranger)" 1 "entries after the stranger's second try within a minute"

step "each refusal is logged with its method"
for method in sign lock import.add export.open; do
  sealroom audit show --json | grep -F '"event":"peer.refused"' | grep -F '"uid":40001' | contains "\"method\":\"$method\"" || fail "no entry about $method"
done
is "$(events certificate.issued)$(events batch.imported)$(events token.unlocked)" 000 "what the tries did"

step "the command line says it in plain words"
if as 40001 45000 test -x "$bin/sealroom"; then
  code=0
  as 40001 45000 "$bin/sealroom" --home "$home" lock >stdout 2>stderr || code=$?
  is "$code" 1
  complains "needs the role operator"
  as 40001 45000 "$bin/sealroom" --home "$home" status >stdout || fail "an auditor cannot see the status"
  code=0
  as 40001 45000 "$bin/sealroom" --home "$home" process public >stdout 2>stderr || code=$?
  is "$code" 1
  complains "sign needs the role officer, and yours is auditor; nothing was imported"
  code=0
  as 49999 49999 "$bin/sealroom" --home "$home" status >stdout 2>stderr || code=$?
  is "$code" 1
  complains "has no role on this appliance"
else
  skip "$bin is not reachable for other users"
fi
is "$(stat -c '%a' "$home/ledger" "$home/pins" | tr '\n' ' ')" "700 700 "
! as 40004 45000 cat "$home/pins/sealroom-root.pin" 2>/dev/null || fail "another user reads a PIN"
! as 40004 45000 ls "$home/ledger" 2>/dev/null || fail "another user reads the ledger"

stop_daemon
echo "roles: ok"
