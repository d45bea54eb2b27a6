#include "compare_store.hpp"

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/keystore/jks.hpp"

namespace sealroom::pack {
namespace {

std::unexpected<Error> differs(std::string_view what) {
  return fail(ErrorKind::Failed, fmt::format("{} is not what was meant", what),
              "after writing: check the disk; later: look at it with sealroom-pack inspect");
}

Result<Bytes> read_all(OctetSource& source) {
  constexpr std::size_t piece = 65536;
  Bytes octets;
  for (;;) {
    const std::size_t used = octets.size();
    octets.resize(used + piece);
    auto got = source.read(std::span(octets).subspan(used));
    if (!got) return pass_on(got);
    octets.resize(used + *got);
    if (*got < piece) return octets;
  }
}

Result<StoreContents> read_back(OctetSource& source, StoreType type, const Secret& password) {
  auto octets = read_all(source);
  if (!octets) return pass_on(octets);
  auto contents = read_store(*octets, password);
  if (!contents) return pass_on(contents);
  if (contents->type != type || !contents->verified) return differs("the store");
  return contents;
}

bool is_meant(const StoreEntry& entry, const MeantEntry& meant) {
  if (meant.of == MeantEntry::Of::Octets) return sha256(entry.octets) == meant.digest;
  return entry.kind == EntryKind::TrustedCertificate && entry.alias == meant.alias &&
         sha256(entry.chain.at(0)) == meant.digest;
}

Result<Done> compare_jks(OctetSource& written, const std::vector<MeantEntry>& meant, const Secret& password) {
  auto reader = JksReader::open(written, password);
  if (!reader) return pass_on(reader);
  for (std::size_t i = 0;; ++i) {
    auto entry = reader->next();
    if (!entry) return pass_on(entry);
    const bool more = entry->has_value();
    if (more != (i < meant.size())) return differs("the number of entries");
    if (!more) return Done{};
    if (!is_meant(**entry, meant[i])) return differs("entry " + (*entry)->alias);
  }
}

}  // namespace

Result<Done> compare_keystore(OctetSource& written, StoreType type, const KeyEntry& meant, const Secret& store_password,
                              const Secret& entry_password) {
  auto contents = read_back(written, type, store_password);
  if (!contents) return pass_on(contents);
  if (contents->entries.size() != 1 || contents->open_key) return differs("the number of entries");
  const auto& entry = contents->entries.front();
  if (entry.kind != EntryKind::PrivateKey) return differs("the kind of the entry");
  if (entry.alias != meant.alias) return differs("the entry's alias");
  if (entry.chain != meant.chain) return differs("the chain");
  auto key = open_key(entry.protected_key, entry_password);
  if (!key) return pass_on(key);
  if (!equal(key->view(), meant.private_key.view())) return differs("the key");
  return Done{};
}

Result<Done> compare_truststore(OctetSource& written, StoreType type, const std::vector<MeantEntry>& meant,
                                const Secret& password) {
  if (type == StoreType::Jks) return compare_jks(written, meant, password);
  auto contents = read_back(written, type, password);
  if (!contents) return pass_on(contents);
  if (contents->entries.size() != meant.size()) return differs("the number of entries");
  for (std::size_t i = 0; i < meant.size(); ++i) {
    if (!is_meant(contents->entries[i], meant[i])) return differs("entry " + contents->entries[i].alias);
  }
  return Done{};
}

}  // namespace sealroom::pack
