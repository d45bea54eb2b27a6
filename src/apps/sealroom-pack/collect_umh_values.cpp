#include <algorithm>

#include <fmt/format.h>

#include "input_files.hpp"
#include "key_file.hpp"
#include "key_holders.hpp"
#include "packing.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/examine_store.hpp"
#include "sealroom/keystore/store.hpp"
#include "secret_text.hpp"
#include "umh_values.hpp"

namespace sealroom::pack {
namespace {

constexpr std::size_t kLargestFile = 1024 * 1024;  // what Kubernetes takes as one Secret

struct OpenedStore {
  Bytes octets;
  Secret password;
  std::vector<StoreEntry> keys;
  bool open_key = false;
  std::vector<Certificate> trusted;
};

Result<OpenedStore> open_store(const std::string& path, const PasswordSource& source) {
  const auto where = printable(path);
  auto octets = read_file(path, kLargestFile);
  if (!octets) return pass_on(octets);
  const auto what = fmt::format("password of {}", where);
  auto password = read_password(source, what);
  if (!password) return pass_on(password);
  auto fit = check_printable(*password, what);
  if (!fit) return pass_on(fit);
  auto contents = read_store(*octets, *password);
  if (!contents) return pass_on(contents, where);
  OpenedStore store{std::move(*octets), std::move(*password), {}, contents->open_key, {}};
  for (auto& entry : contents->entries) {
    if (entry.kind == EntryKind::PrivateKey) store.keys.push_back(std::move(entry));
    if (entry.kind != EntryKind::TrustedCertificate) continue;
    auto certificate = Certificate::parse(entry.chain.at(0));
    if (!certificate) return pass_on(certificate, where);
    store.trusted.push_back(std::move(*certificate));
  }
  return store;
}

// Which of the two files is secret decides who gets which: they must not be mixed up.
Findings examine_roles(const UmhRequest& request, const OpenedStore& keystore, const OpenedStore& truststore) {
  Findings findings;
  const auto keys = keystore.keys.size() + (keystore.open_key ? 1 : 0);
  if (keys != 1) {
    findings.push_back({"pack.not-a-keystore", fmt::format("{}: holds {} private keys, a keystore holds one; is it the "
                                                           "truststore?",
                                                           printable(request.keystore), keys)});
  }
  const bool key_in_trust = !truststore.keys.empty() || truststore.open_key;
  if (key_in_trust || truststore.trusted.empty()) {
    findings.push_back(
        {"pack.not-a-truststore", fmt::format("{}: {}; a truststore holds certificates that are trusted, and no key",
                                              printable(request.truststore),
                                              key_in_trust ? "holds a private key" : "holds no trusted certificate")});
  }
  return findings;
}

// The chart hands HiveMQ one password for the keystore and for the key in it.
void examine_entry_passwords(const std::string& path, const OpenedStore& keystore, Findings& findings) {
  for (const auto& entry : keystore.keys) {
    if (open_key(entry.protected_key, keystore.password)) continue;
    findings.push_back({"pack.entry-password",
                        fmt::format("{}: the password of the store does not open its key '{}'; the values have one for "
                                    "both, write the keystore without a password of its own for the key",
                                    printable(path), entry.alias)});
  }
}

Result<Done> add_holders(const std::string& path, const OpenedStore& keystore, KeyHolders& holders,
                         Findings& findings) {
  for (const auto& entry : keystore.keys) {
    if (entry.chain.empty()) continue;
    auto leaf = Certificate::parse(entry.chain.front());
    if (!leaf) return pass_on(leaf, printable(path));
    holders.add(leaf->key(), "the keystore", findings);
  }
  return Done{};
}

// PEM as openssl writes it (RFC 7468), in locked memory.
Result<Secret> private_key_pem(const Secret& pkcs8) {
  constexpr std::size_t octets_a_line = 48;
  SecretText pem;
  pem.add("-----BEGIN PRIVATE KEY-----\n");
  for (ByteView rest = pkcs8.view(); !rest.empty();) {
    const auto line = rest.first(std::min(octets_a_line, rest.size()));
    pem.add_base64(line);
    pem.add("\n");
    rest = rest.subspan(line.size());
  }
  pem.add("-----END PRIVATE KEY-----\n");
  return std::move(pem).finish();
}

Result<Done> collect_service(const UmhServiceFiles& files, const std::vector<Certificate>& trusted, Instant now,
                             KeyHolders& holders, UmhVerdict& verdict) {
  auto certificates = read_certificate_file(files.certificate);
  if (!certificates) return pass_on(certificates);
  auto key = open_key_file(files.key, files.key_password);
  if (!key) return pass_on(key);
  holders.add(key->public_key, files.name, verdict.findings);
  std::vector<Certificate> others(certificates->begin() + 1, certificates->end());
  others.insert(others.end(), trusted.begin(), trusted.end());
  auto judged = examine_key_entry(certificates->front(), others, key->public_key, KeystoreRole::Client, now);
  for (auto& [id, detail] : judged.findings) {
    verdict.findings.push_back({id, fmt::format("{}: {}", files.name, detail)});
  }
  const bool known = std::ranges::any_of(judged.chain, [&](const Certificate& certificate) {
    return std::ranges::find(trusted, certificate.digest(), &Certificate::digest) != trusted.end();
  });
  if (judged.findings.empty() && !known) {
    verdict.findings.push_back(
        {"pack.not-trusted",
         fmt::format("{}: no certificate of its chain is in the truststore, so the broker would turn "
                     "it away; add its root to the truststore",
                     files.name)});
  }
  auto text = private_key_pem(key->pkcs8);
  if (!text) return pass_on(text);
  verdict.values.services.push_back({files.name, shown_chain(judged.chain), std::move(*text)});
  return Done{};
}

}  // namespace

Result<UmhVerdict> collect_umh_values(const UmhRequest& request, Instant now) {
  auto keystore = open_store(request.keystore, request.keystore_password);
  if (!keystore) return pass_on(keystore);
  auto truststore = open_store(request.truststore, request.truststore_password);
  if (!truststore) return pass_on(truststore);
  UmhVerdict verdict{examine_roles(request, *keystore, *truststore), {}};
  examine_entry_passwords(request.keystore, *keystore, verdict.findings);
  KeyHolders holders;
  auto added = add_holders(request.keystore, *keystore, holders, verdict.findings);
  if (!added) return pass_on(added);
  for (const auto& service : request.services) {
    auto collected = collect_service(service, truststore->trusted, now, holders, verdict);
    if (!collected) return pass_on(collected);
  }
  verdict.values.keystore = std::move(keystore->octets);
  verdict.values.keystore_password = std::move(keystore->password);
  verdict.values.truststore = std::move(truststore->octets);
  verdict.values.truststore_password = std::move(truststore->password);
  return verdict;
}

}  // namespace sealroom::pack
