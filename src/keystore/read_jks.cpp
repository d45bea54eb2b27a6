#include <optional>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "jks_octets.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/keystore/jks.hpp"

namespace sealroom {
namespace {

constexpr std::uint32_t kJceksMagic = 0xCECECECE;
constexpr std::int64_t kEndOfTime = 253402300799;  // 9999-12-31T23:59:59Z

// Cursor takes fields off the front of octets nobody vouches for. Past the end it hands out zeros and nothing, and
// stays `failed`, so that one question after a group of fields is enough.
class Cursor {
 public:
  explicit Cursor(ByteView octets) : rest_(octets) {}

  std::uint64_t number(std::size_t octets) {
    std::uint64_t value = 0;
    for (const auto octet : take(octets)) value = value << 8 | octet;
    return value;
  }
  ByteView take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  ByteView text() { return take(number(2)); }
  ByteView block() { return take(number(4)); }
  bool failed() const { return failed_; }
  std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
  bool failed_ = false;
};

// Whether DataInput.readUTF takes `text`: groups of one, two or three octets.
bool is_modified_utf8(ByteView text) {
  while (!text.empty()) {
    const std::uint8_t lead = text[0];
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 0;
    if (size == 0 || size > text.size()) return false;
    for (std::size_t i = 1; i < size; ++i) {
      if (text[i] >> 6 != 2) return false;
    }
    text = text.subspan(size);
  }
  return true;
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::Failed, fmt::format("JKS store is damaged: {}", what));
}

Result<Bytes> read_certificate(Cursor& cursor, std::uint64_t version) {
  // Version 1 has no certificate type (JavaKeyStore.engineLoad).
  const auto type = version == 1 ? as_bytes(kCertificateType) : cursor.text();
  const auto der = cursor.block();
  if (cursor.failed()) return damaged("it is cut short");
  if (!equal(type, as_bytes(kCertificateType))) {
    return damaged(fmt::format("a certificate of type '{}' (only X.509 is known)", printable(as_text(type))));
  }
  if (der.empty()) return damaged("a certificate without octets");
  return copy(der);
}

Result<JksEntry> read_entry(Cursor& cursor, std::uint64_t version) {
  JksEntry entry;
  const auto tag = cursor.number(4);
  const auto alias = cursor.text();
  const auto created = static_cast<std::int64_t>(cursor.number(8)) / 1000;
  if (cursor.failed()) return damaged("it is cut short");
  if (tag != kPrivateKeyTag && tag != kTrustedCertificateTag) return damaged(fmt::format("an entry of type {}", tag));
  if (!is_modified_utf8(alias)) return damaged("an alias that is not modified UTF-8");
  if (created < 0 || created > kEndOfTime) return damaged("a creation time outside the years 1970 to 9999");
  entry.alias = printable(as_text(alias));
  entry.created = Instant(std::chrono::seconds(created));
  entry.private_key = tag == kPrivateKeyTag;
  std::uint64_t count = 1;
  if (entry.private_key) {
    entry.protected_key = copy(cursor.block());
    count = cursor.number(4);
    if (cursor.failed()) return damaged("it is cut short");
  }
  for (; count > 0; --count) {
    auto certificate = read_certificate(cursor, version);
    if (!certificate) return pass_on(certificate);
    entry.chain.push_back(std::move(*certificate));
  }
  return entry;
}

std::unexpected<Error> not_jks(std::uint64_t magic) {
  if (magic == kJceksMagic) return fail(ErrorKind::Failed, "is a JCEKS store, not JKS");
  return fail(ErrorKind::Failed, "is not a JKS store (it does not begin with FEEDFEED)");
}

Result<bool> check_digest(ByteView octets, const Secret& store_password) {
  if (store_password.empty()) return false;
  auto password = password_octets(store_password);
  if (!password) return pass_on(password);
  std::array<std::uint8_t, kSha1Size> digest{};
  store_digest(digest, *password, octets.first(octets.size() - kSha1Size));
  if (CRYPTO_memcmp(digest.data(), octets.last(kSha1Size).data(), kSha1Size) != 0) {
    return fail(ErrorKind::Failed, "JKS store's digest does not match: wrong store password, or the file was changed");
  }
  return true;
}

}  // namespace

Result<JksContents> read_jks(ByteView octets, const Secret& store_password) {
  Cursor cursor(octets);
  const auto magic = cursor.number(4);
  if (cursor.failed() || magic != kJksMagic) return not_jks(magic);
  const auto version = cursor.number(4);
  const auto count = cursor.number(4);
  if (cursor.failed()) return damaged("it is cut short");
  if (version != 1 && version != kJksVersion) return damaged(fmt::format("version {} (1 and 2 are known)", version));
  JksContents contents;
  for (std::uint64_t i = 1; i <= count; ++i) {
    auto entry = read_entry(cursor, version);
    if (!entry) return pass_on(entry, fmt::format("entry {} of {}", i, count));
    contents.entries.push_back(std::move(*entry));
  }
  if (cursor.left() < kSha1Size) return damaged("it is cut short");
  if (cursor.left() > kSha1Size) return damaged("there are octets behind its digest");
  auto verified = check_digest(octets, store_password);
  if (!verified) return pass_on(verified);
  contents.digest_verified = *verified;
  return contents;
}

}  // namespace sealroom
