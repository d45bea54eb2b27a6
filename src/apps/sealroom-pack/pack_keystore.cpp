#include <fmt/format.h>

#include "compare_store.hpp"
#include "input_files.hpp"
#include "key_file.hpp"
#include "packing.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/jks.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::pack {
namespace {

constexpr mode_t kKeystoreMode = 0600;

struct Certificates {
  Certificate leaf;
  std::vector<Certificate> others;
};

Result<Certificates> read_all_certificates(const KeystoreRequest& request) {
  auto own = read_certificate_file(request.cert);
  if (!own) return pass_on(own);
  Certificates all{own->front(), {own->begin() + 1, own->end()}};
  for (const auto& path : request.chain) {
    auto more = read_certificate_file(path);
    if (!more) return pass_on(more);
    all.others.insert(all.others.end(), more->begin(), more->end());
  }
  return all;
}

// Makes the passwords and the file; either all of it stands afterwards or none.
Result<Done> write_keystore(const KeystoreRequest& request, const KeyEntry& entry) {
  const auto& store = request.store;
  auto store_password = NewPassword::obtain(store.password, "store password", store.weak);
  if (!store_password) return pass_on(store_password);
  std::optional<NewPassword> own_password;
  if (request.entry_password && *request.entry_password != store.password) {
    auto obtained = NewPassword::obtain(*request.entry_password, "entry password", store.weak);
    if (!obtained) return pass_on(obtained);
    own_password.emplace(std::move(*obtained));
  }
  const Secret& entry_password = own_password ? own_password->value() : store_password->value();

  auto octets = store.type == StoreType::Jks ? write_jks(entry, store_password->value(), entry_password)
                                             : write_pkcs12(entry, store_password->value());
  if (!octets) return pass_on(octets);
  auto staged = StagedFile::of(store.out, *octets);
  if (!staged) return pass_on(staged);
  auto complete = staged->complete();
  if (!complete) return complete;
  FileSource written(staged->descriptor(), store.out);
  auto same = compare_keystore(written, store.type, entry, store_password->value(), entry_password);
  if (!same) return pass_on(same, printable(store.out));
  auto published = std::move(*staged).publish(kKeystoreMode, store.if_exists);
  if (!published) return published;
  store_password->keep();
  if (own_password) own_password->keep();
  return Done{};
}

}  // namespace

Result<PreparedKeystore> prepare_keystore(const KeystoreRequest& request, Instant now) {
  auto alias = store_alias(request.alias);
  if (!alias) return pass_on(alias);
  auto certificates = read_all_certificates(request);
  if (!certificates) return pass_on(certificates);
  auto key = open_key_file(request.key, request.key_password);
  if (!key) return pass_on(key);
  PreparedKeystore prepared;
  prepared.verdict = examine_key_entry(certificates->leaf, certificates->others, key->public_key, request.role, now);
  prepared.entry = {*alias, request.store.created.at, std::move(key->pkcs8), {}};
  for (const auto& certificate : prepared.verdict.chain) prepared.entry.chain.push_back(certificate.der());
  return prepared;
}

std::string shown_chain(const std::vector<Certificate>& chain) {
  std::string shown;
  for (const auto& certificate : chain) {
    const bool leaf = &certificate == &chain.front();
    if (leaf || !certificate.self_issued()) shown += to_pem(kCertificatePem, certificate.der());
  }
  return shown;
}

Result<KeyEntryVerdict> pack_keystore(const KeystoreRequest& request, Instant now) {
  if (request.store.type == StoreType::Pkcs12 && request.entry_password) {
    return fail(
        ErrorKind::Usage,
        "--entry-password-from: a PKCS#12 store has one password; Java opens a key in it with that of the store "
        "only",
        "leave the option away, or write JKS");
  }
  auto unused = check_free(request.store.out, request.store.if_exists);
  if (!unused) return pass_on(unused);
  auto prepared = prepare_keystore(request, now);
  if (!prepared) return pass_on(prepared);
  if (prepared->verdict.findings.empty()) {
    auto written = write_keystore(request, prepared->entry);
    if (!written) return pass_on(written);
  }
  return std::move(prepared->verdict);
}

}  // namespace sealroom::pack
