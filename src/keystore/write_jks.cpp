#include <set>

#include <fmt/format.h>

#include "jks_octets.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/jks.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLongestAlias = 255;

// StoreWriter lays out one file: header, entries, digest. All integers are big-endian (DataOutputStream).
class StoreWriter {
 public:
  explicit StoreWriter(std::size_t count) {
    put(kJksMagic, 4);
    put(kJksVersion, 4);
    put(count, 4);
  }

  // The start of every entry. Refuses an alias that is not usable, or taken.
  Result<Done> begin(std::uint32_t tag, std::string_view alias, Instant created) {
    auto written = jks_alias(alias);
    if (!written) return pass_on(written);
    if (!aliases_.insert(*written).second) {
      return fail(ErrorKind::Usage, fmt::format("alias '{}': is used twice (Java does not tell case)", *written),
                  "give every entry an alias of its own");
    }
    put(tag, 4);
    put_text(*written);
    put(static_cast<std::uint64_t>(created.time_since_epoch().count() * 1000), 8);
    return Done{};
  }

  void put_certificate(ByteView der) {
    put_text(kCertificateType);
    put_block(der);
  }

  void put_block(ByteView octets) {
    put(octets.size(), 4);
    append(octets);
  }

  void put_count(std::size_t count) { put(count, 4); }

  Bytes finish(const Secret& password) && {
    std::array<std::uint8_t, kSha1Size> digest{};
    store_digest(digest, password, out_);
    append(digest);
    return std::move(out_);
  }

 private:
  void put(std::uint64_t value, int octets) {
    for (int shift = 8 * octets - 8; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  // DataOutput.writeUTF: its "modified UTF-8" is ASCII for the printable ASCII that is written here.
  void put_text(std::string_view text) {
    put(text.size(), 2);
    append(as_bytes(text));
  }
  void append(ByteView octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }

  Bytes out_;
  std::set<std::string> aliases_;
};

Result<Secret> password_for_writing(const Secret& password) {
  if (password.empty()) return fail(ErrorKind::Usage, "a JKS store needs a password");
  return password_octets(password);
}

}  // namespace

Result<std::string> jks_alias(std::string_view alias) {
  const bool plain = printable(alias).size() == alias.size();  // a backslash is excluded with the unprintable
  if (alias.empty() || alias.size() > kLongestAlias || !plain) {
    return fail(ErrorKind::Usage,
                fmt::format("alias '{}': must be 1 to {} printable ASCII characters, without backslash",
                                              printable(alias.substr(0, kLongestAlias)), kLongestAlias));
  }
  return ascii_lower(alias);
}

Result<Bytes> write_jks(const JksKeystore& store, const Secret& store_password, const Secret& entry_password) {
  auto password = password_for_writing(store_password);
  if (!password) return pass_on(password, "store");
  auto key_password = password_for_writing(entry_password);
  if (!key_password) return pass_on(key_password, "entry");
  StoreWriter writer(store.keys.size());
  for (const auto& key : store.keys) {
    auto begun = writer.begin(kPrivateKeyTag, key.alias, key.created);
    if (!begun) return pass_on(begun);
    if (key.chain.empty() || key.private_key.empty()) {
      return fail(ErrorKind::Usage,
                  fmt::format("alias '{}': a key entry needs its key and its certificates", key.alias));
    }
    auto covered = protect_key(key.private_key, *key_password);
    if (!covered) return pass_on(covered, key.alias);
    writer.put_block(*covered);
    writer.put_count(key.chain.size());
    for (const auto& certificate : key.chain) writer.put_certificate(certificate);
  }
  return std::move(writer).finish(*password);
}

Result<Bytes> write_jks(const JksTruststore& store, const Secret& store_password) {
  auto password = password_for_writing(store_password);
  if (!password) return pass_on(password, "store");
  StoreWriter writer(store.entries.size());
  for (const auto& entry : store.entries) {
    auto begun = writer.begin(kTrustedCertificateTag, entry.alias, entry.created);
    if (!begun) return pass_on(begun);
    writer.put_certificate(entry.certificate);
  }
  return std::move(writer).finish(*password);
}

}  // namespace sealroom
