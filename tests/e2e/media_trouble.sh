#!/usr/bin/env bash
# Media that are missing, empty, full, read-only, or hold what nobody expects: each gets its own clear error or line in the
# report, good requests beside it are served, and nothing half-written stays behind.
. "$(dirname "$0")/lib/session.sh" "$@"

open_home
sealroom unlock --all >/dev/null

step "no medium, not a directory, no requests/, nothing in requests/"
touch file
refuses 2 "nowhere" sealroom import nowhere
refuses 2 "nowhere" sealroom process nowhere
refuses 2 "file" sealroom import file
refuses 1 "has no requests/ folder" sealroom import "$medium"
refuses 1 "has no requests/ folder" sealroom process "$medium"
mkdir -p "$medium/requests/intermediate/client_cert"
refuses 1 "there are no requests" sealroom import "$medium"
refuses 1 "there are no requests" sealroom process "$medium"
[ ! -e "$medium/issued" ] || fail "issued/ was made for nothing"

step "a medium for somebody else is no error"
mkdir -p "$work/foreign/requests/elsewhere/leaf"
client_csr "$work/foreign/requests/elsewhere/leaf/x.csr" x
expect_exit 0 sealroom import "$work/foreign" --json
is "$(look 'd["requests"]' <stdout)" "[]" "requests"
look 'd["ignored"][0]["reason"]' <stdout | contains 'not for this appliance' || fail "not listed as not for this appliance"
is "$(look 'd["ignored"][0]["file"]' <stdout)" elsewhere/leaf/x.csr

step "names that are traps, and things that are no requests"
place=$medium/requests/intermediate/client_cert
client_csr "$place/good.csr" good
client_csr "$place/"$'two\nlines.csr' "newline"
client_csr "$place/"$'not\xffutf8.csr' "octets"
client_csr "$place/a..csr" "dots"
client_csr "$place/CON.csr" "device"
client_csr "$place/two words.csr" "blank"
client_csr "$place/-rf.csr" "option"
client_csr "$place/\$(reboot).csr" "shell"
client_csr "$place/Grüße.csr" "umlaut"
client_csr "$place/$(printf 'n%.0s' {1..200}).csr" "long"
client_csr "$place/a.csr" "one"
client_csr "$place/a.pem" "two"
client_csr "$place/A.csr" "three"
client_csr "$place/UPPER.CSR" "upper"
client_csr "$place/...csr" "hidden"
cp "$place/good.csr" "$place/._good.csr"
cp "$place/good.csr" "$place/readme.txt"
mkdir "$place/x.csr" "$place/folder"
: >"$place/empty.csr"
truncate -s 1G "$place/huge.csr"
head -c 70000 /dev/urandom >"$place/noise.csr"
ln -s good.csr "$place/link.csr"
ln -s /etc/passwd "$place/outside.csr"
ln -s nowhere "$place/dangling.csr"
mkfifo "$place/pipe.csr"
client_csr hard.csr "hard"
ln hard.csr "$place/hard.csr"
client_csr "$medium/requests/loose.csr" loose
client_csr "$medium/requests/intermediate/loose.csr" loose
mkdir -p "$medium/requests/intermediate/no_such_profile" "$medium/requests/no_such_issuer/client_cert" "$medium/requests/intermediate/.."$'\n'
client_csr "$medium/requests/intermediate/no_such_profile/p.csr" p
client_csr "$medium/requests/no_such_issuer/client_cert/i.csr" i
ln -s client_cert "$medium/requests/intermediate/linked_profile"
printf -- '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n' >"$place/torn.pem"
cp "$keys/good.csr.key" "$place/key.pem"

expect_exit 3 sealroom process "$medium" --json
cp stdout report.json
batch=$(look 'd["batch"]' <report.json)
out=$medium/issued/$batch

step "what each of them got"
reasons=$(look '"\n".join(r["file"] + ": " + " ".join([r["verdict"]] + [f["id"] for f in r["findings"]]) for r in d["requests"])' <report.json)
has() { grep -qxF -- "$1" <<<"$reasons" || fail "the report does not say: $1
$reasons"; }
at=intermediate/client_cert
has "$at/good.csr: accepted"
for name in a..csr CON.csr "two words.csr" -rf.csr '$(reboot).csr' a.csr a.pem A.csr UPPER.CSR; do has "$at/$name: accepted"; done
has "$at/x.csr: refused media.not-a-file"
has "$at/pipe.csr: refused media.not-a-file"
has "$at/empty.csr: refused media.empty"
has "$at/huge.csr: refused media.too-large"
has "$at/noise.csr: refused media.too-large"
for name in link outside dangling; do has "$at/$name.csr: refused media.symlink"; done
has "$at/hard.csr: refused media.hard-link"
has "loose.csr: refused media.unplaced"
has "intermediate/loose.csr: refused media.unplaced"
has "intermediate/linked_profile: refused media.symlink"
has "intermediate/no_such_profile/p.csr: refused profile.unknown"
has "$at/key.pem: refused request.private-key"
grep -q "^$at/torn.pem: refused request.pem" <<<"$reasons" || fail "torn.pem"
is "$(look 'sorted(i["file"] for i in d["ignored"])' <report.json)" \
  "[\"intermediate/..\\\\x0a\", \"$at/...csr\", \"$at/._good.csr\", \"$at/folder\", \"$at/readme.txt\", \"no_such_issuer/client_cert/i.csr\"]" ignored
is "$(look 'all(32 <= ord(c) < 127 for r in d["requests"] for c in r["file"])' <report.json)" true "printable names in the report"
is "$(look 'sum(r["verdict"] == "accepted" for r in d["requests"])' <report.json)" 14 accepted
is "$(look '(lambda plain: plain == sorted(plain))([r["file"] for r in d["requests"] if r["file"].isascii() and "\\" not in r["file"]])' <report.json)" true "octet order"

step "what was written has names that every file system takes"
is "$(find "$out/$at" -name '*.cert.pem' | wc -l)" 14 certificates
is "$(cd "$out/$at" && ls ./*.cert.pem | grep -vcE '^\./req-[0-9a-f]{16}\.cert\.pem$')" 2 "names kept"
for name in good UPPER; do [ -f "$out/$at/$name.cert.pem" ] || fail "$name was renamed"; done
is "$(find "$out" | LC_ALL=C grep -vcE '^[A-Za-z0-9/._-]+$' || true)" 0 "odd names written"
is "$(find "$medium/issued" -mindepth 1 -maxdepth 1 -printf '%f\n')" "$batch"
is "$(find "$work" -maxdepth 1 -name '*.cert.pem' | wc -l)" 0 "files outside the medium"
(cd "$out" && sha256sum --quiet -c SHA256SUMS)
rm "$place/huge.csr"

step "an export that was interrupted is replaced, one that is complete is compared"
target=$work/target
mkdir -p "$target/issued/$batch.partial/old"
echo junk >"$target/issued/$batch.partial/old/junk"
expect_exit 0 sealroom export "$batch" "$target"
is "$(ls "$target/issued")" "$batch"
[ ! -e "$target/issued/$batch/old" ] || fail "the interrupted export was kept"
expect_exit 0 sealroom export "$batch" "$target"
says "is there already"

step "a folder with other contents is not touched"
chmod u+w "$target/issued/$batch/report.html"
echo changed >>"$target/issued/$batch/report.html"
medium=$target refuses 1 "is there already" sealroom export "$batch" "$target"
complains "hint"
rm -rf "${target:?}/issued/$batch"
mkdir "$target/issued/$batch"
medium=$target refuses 1 "is there already" sealroom export "$batch" "$target"
rm -rf "$target/issued"
mkdir elsewhere
ln -s "$work/elsewhere" "$target/issued"
medium=$target refuses 1 "issued" sealroom export "$batch" "$target"
is "$(ls elsewhere)" "" "written through a link"
rm "$target/issued"
echo file >"$target/issued"
medium=$target refuses 1 "issued" sealroom export "$batch" "$target"
medium=$target refuses 2 "nowhere" sealroom export "$batch" nowhere
medium=$target refuses 2 "there is no batch" sealroom export B-20000101-0001 "$target"

step "a medium that cannot be written"
if [ "$(id -u)" = 0 ]; then
  mkdir readonly
  if mount -t tmpfs -o size=1m none readonly 2>/dev/null; then
    mounts+=("$work/readonly")
    mount -o remount,ro readonly
    medium=$work/readonly refuses 1 "read-only" sealroom export "$batch" readonly
  else
    skip "read-only: this root may not mount"
  fi
else
  mkdir readonly
  chmod 555 readonly
  medium=$work/readonly refuses 1 "readonly" sealroom export "$batch" readonly
fi

step "a medium that is full: nothing is left on it, nothing is lost, and another one gets it all"
mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=48k none small 2>/dev/null; then
  mounts+=("$work/small")
  mkdir -p small/requests/intermediate/client_cert
  for n in 1 2 3; do client_csr "small/requests/intermediate/client_cert/$n.csr" "late $n"; done
  before=$(events certificate.issued)
  expect_exit 1 sealroom process small
  complains "the medium is full"
  is "$(find small -mindepth 1 -maxdepth 2 ! -path '*requests*' ! -name issued)" "" "left on the full medium"
  is "$(($(events certificate.issued) - before))" 3 "certificates in the ledger"
  batch=$(sealroom batch list --json | look 'd["batches"][0]["batch"]')
  mkdir big
  expect_exit 0 sealroom export "$batch" big
  is "$(find "big/issued/$batch/intermediate" -name "*.cert.pem" | wc -l)" 3 "certificates after all"
else
  skip "full: only root can mount a small file system"
fi

expect_exit 0 sealroom audit verify
stop_daemon
echo "media_trouble: ok"
