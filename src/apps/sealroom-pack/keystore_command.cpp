#include <sys/stat.h>

#include <cstdio>

#include <fmt/format.h>

#include "arguments.hpp"
#include "describe.hpp"
#include "input_files.hpp"
#include "new_password.hpp"
#include "process_guard.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/examine_store.hpp"
#include "sealroom/keystore/jks.hpp"
#include "sealroom/keystore/leaf_key.hpp"
#include "sealroom/x509/name.hpp"
#include "staged_file.hpp"

namespace sealroom::pack {
namespace {

constexpr mode_t kKeystoreMode = 0600;
constexpr std::size_t kLargestStore = 16 * 1024 * 1024;

struct KeystoreRequest {
  std::string cert;
  std::vector<std::string> chain;
  std::string key;
  std::string alias;    // as given
  std::string written;  // as written
  std::string out;
  PasswordSource store_password;
  PasswordSource entry_password;
  PasswordSource key_password;
  WeakPasswords weak = WeakPasswords::Refuse;
};

options::options_description known_options() {
  const auto text = [] { return options::value<std::string>(); };
  options::options_description known("Options", kHelpWidth, kHelpWidth / 2);
  known.add_options()
      ("cert", text()->value_name("FILE")->required(), "the broker's or client's certificate")
      ("chain", options::value<std::vector<std::string>>()->value_name("FILE")->composing(),
       "certificates of its issuers up to the root, in any order; the leaf may be among them")
      ("key", text()->value_name("FILE")->required(), "its private key in PEM, encrypted or not")
      ("alias", text()->value_name("ALIAS")->required(),
       "name of the entry; written in lower case, as Java looks it up")
      ("key-password-from", text()->value_name("PASSWORD")->default_value("prompt"), "opens an encrypted --key")
      ("entry-password-from", text()->value_name("PASSWORD"), "password of the entry, if it is not to be the store's");
  add_writing_options(known);
  return known;
}

Result<KeystoreRequest> understand(const options::variables_map& given) {
  auto type = check_type(given);
  if (!type) return pass_on(type);
  auto alias = jks_alias(text_of(given, "alias"));
  if (!alias) return pass_on(alias);
  auto store = parse_password_source("store-password-from", text_of(given, "store-password-from"));
  if (!store) return pass_on(store);
  auto key = parse_password_source("key-password-from", text_of(given, "key-password-from"));
  if (!key) return pass_on(key);
  KeystoreRequest request{text_of(given, "cert"),  {}, text_of(given, "key"), text_of(given, "alias"), *alias,
                          text_of(given, "out"), *store, *store, *key,
                          given.count("allow-weak-password") != 0 ? WeakPasswords::Allow : WeakPasswords::Refuse};
  if (given.count("chain") != 0) request.chain = given["chain"].as<std::vector<std::string>>();
  if (given.count("entry-password-from") != 0) {
    auto entry = parse_password_source("entry-password-from", text_of(given, "entry-password-from"));
    if (!entry) return pass_on(entry);
    request.entry_password = *entry;
  }
  return request;
}

void warn_of_open_key(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return;
  fmt::print(stderr, "sealroom-pack: warning: {}: other users can reach this private key (mode {:04o}); chmod 600 it\n",
             printable(path), status.st_mode & 07777U);
}

Result<LeafKey> open_key(const KeystoreRequest& request) {
  auto text = read_key_file(request.key);
  if (!text) return pass_on(text);
  Secret password;
  if (is_encrypted_key(text->view())) {
    auto read = read_password(request.key_password, fmt::format("password of {}", printable(request.key)));
    if (!read) return pass_on(read);
    password = std::move(*read);
  }
  auto key = read_leaf_key(*text, password);
  wipe_stack();
  if (!key) return pass_on(key, printable(request.key));
  return key;
}

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

// Reads `path` as Java will, and compares every part with what was meant.
Result<Done> compare_written(const std::string& path, const JksKey& meant, const Secret& store_password,
                             const Secret& entry_password) {
  auto octets = read_file(path, kLargestStore);
  if (!octets) return pass_on(octets);
  auto contents = read_jks(*octets, store_password);
  if (!contents) return pass_on(contents, "reading back");
  const bool one_key = contents->entries.size() == 1 && contents->entries[0].private_key;
  if (!one_key || contents->entries[0].alias != meant.alias || contents->entries[0].chain != meant.chain) {
    return fail(ErrorKind::Failed, "reading back: the file is not what was written", "check the disk");
  }
  auto key = open_jks_key(contents->entries[0].protected_key, entry_password);
  if (!key) return pass_on(key, "reading back");
  if (!equal(key->view(), meant.private_key.view())) {
    return fail(ErrorKind::Failed, "reading back: the key is not what was written", "check the disk");
  }
  return Done{};
}

// Makes the passwords and the file; either all of it stands afterwards or none.
Result<Done> write_store(const KeystoreRequest& request, const KeyEntryVerdict& verdict, LeafKey key, Instant created) {
  auto store_password = NewPassword::obtain(request.store_password, "store password", request.weak);
  if (!store_password) return pass_on(store_password);
  std::optional<NewPassword> own_password;
  if (request.entry_password != request.store_password) {
    auto obtained = NewPassword::obtain(request.entry_password, "entry password", request.weak);
    if (!obtained) return pass_on(obtained);
    own_password.emplace(std::move(*obtained));
  }
  const Secret& entry_password = own_password ? own_password->value() : store_password->value();

  JksKeystore store;
  store.keys.push_back({request.written, created, std::move(key.pkcs8), {}});
  for (const auto& certificate : verdict.chain) store.keys[0].chain.push_back(certificate.der());
  auto octets = write_jks(store, store_password->value(), entry_password);
  if (!octets) return pass_on(octets);
  auto staged = StagedFile::write(request.out, *octets, kKeystoreMode);
  if (!staged) return pass_on(staged);
  auto same = compare_written(staged->path(), store.keys[0], store_password->value(), entry_password);
  if (!same) return pass_on(same, printable(request.out));
  auto published = std::move(*staged).publish();
  if (!published) return published;
  store_password->keep();
  if (own_password) own_password->keep();
  return Done{};
}

void announce(const KeystoreRequest& request, const KeyEntryVerdict& verdict, bool type_given) {
  fmt::print("{}: written and read back\n", printable(request.out));
  fmt::print("  type   JKS{}, mode 0600\n", type_given ? "" : " (the default)");
  fmt::print("  alias  {}\n", request.written);
  if (request.written != request.alias) {
    fmt::print("         (for '{}': Java looks aliases up in lower case)\n", request.alias);
  }
  fmt::print("  chain  {} certificate{}{}\n", verdict.chain.size(), verdict.chain.size() == 1 ? "" : "s",
             verdict.reordered ? " (put in order: leaf first, root last)" : "");
  for (const auto& certificate : verdict.chain) fmt::print("{}", lines_of(certificate));
  for (const auto& certificate : verdict.left_out) {
    fmt::print("  left out, not of this chain: {}\n", printable_name(certificate.subject()));
  }
  const std::pair<const char*, const PasswordSource*> sources[] = {{"store", &request.store_password},
                                                                   {"entry", &request.entry_password}};
  for (const auto& [whose, source] : sources) {
    if (source->kind != PasswordSource::Kind::Generate) continue;
    fmt::print("  {} password was made and is in {}\n", whose, printable(source->detail));
  }
  fmt::print("  this file holds a private key: it belongs on its own host, readable by its service only\n");
}

}  // namespace

Outcome run_keystore(const Arguments& arguments) {
  const auto known = known_options();
  auto given = parse_arguments(arguments, known);
  if (!given) return pass_on(given);
  if (showed_help(*given, "keystore --cert FILE --chain FILE --key FILE --alias ALIAS --out FILE [OPTION]...", known)) {
    return Findings{};
  }
  auto request = understand(*given);
  if (!request) return pass_on(request);
  auto absent = check_absent(request->out);
  if (!absent) return pass_on(absent);
  const Instant now = SystemClock().now();
  auto created = entry_time(now);
  if (!created) return pass_on(created);
  auto certificates = read_all_certificates(*request);
  if (!certificates) return pass_on(certificates);
  warn_of_open_key(request->key);
  auto key = open_key(*request);
  if (!key) return pass_on(key);
  auto verdict = examine_key_entry(certificates->leaf, certificates->others, key->public_key, now);
  if (!verdict.findings.empty()) return std::move(verdict.findings);
  auto written = write_store(*request, verdict, std::move(*key), *created);
  if (!written) return pass_on(written);
  announce(*request, verdict, !(*given)["type"].defaulted());
  return Findings{};
}

}  // namespace sealroom::pack
