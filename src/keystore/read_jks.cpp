#include "sealroom/keystore/jks.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "jks_octets.hpp"
#include "read_stores.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::uint32_t kJceksMagic = 0xCECECECE;
constexpr std::int64_t kEndOfTime = 253402300799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kPiece = 4096;

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

std::unexpected<Error> not_jks(std::uint64_t magic) {
  if (magic == kJceksMagic) return fail(ErrorKind::Failed, "is a JCEKS store, not JKS");
  return fail(ErrorKind::Failed, "is not a JKS store (it does not begin with FEEDFEED)");
}

}  // namespace

// State takes fields off a source that nobody vouches for. Past the end it hands out zeros and nothing, and stays
// `short_`, so that one question after a group of fields is enough.
class JksReader::State {
 public:
  explicit State(OctetSource& source) : source_(source) {}

  Result<Done> open(const Secret& store_password);
  Result<std::optional<StoreEntry>> next();

 private:
  std::uint64_t number(std::size_t octets);
  ByteView text() { return take(number(2)); }
  ByteView block() { return take(number(4)); }
  ByteView take(std::size_t count);
  Result<Bytes> read_certificate();
  Result<StoreEntry> read_entry();
  Result<Done> finish();
  // Why fields are missing: the source's own failure, or its end.
  std::unexpected<Error> missing() { return trouble_ ? std::unexpected(*trouble_) : damaged("it is cut short"); }

  OctetSource& source_;
  std::optional<Error> trouble_;
  bool short_ = false;
  Bytes octets_;  // of the entry at hand
  std::optional<StoreDigest> digest_;
  std::uint64_t version_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t taken_ = 0;
};

// A view of the last `count` octets read, good until the next call. Grows by pieces, because `count` may be a lie.
ByteView JksReader::State::take(std::size_t count) {
  const std::size_t start = octets_.size();
  while (!short_ && octets_.size() < start + count) {
    const std::size_t used = octets_.size();
    octets_.resize(used + std::min(kPiece, start + count - used));
    auto got = source_.read(std::span(octets_).subspan(used));
    if (!got) trouble_ = got.error();
    short_ = !got || *got != octets_.size() - used;
  }
  if (short_) return {};
  return ByteView(octets_).subspan(start);
}

std::uint64_t JksReader::State::number(std::size_t octets) {
  std::uint64_t value = 0;
  for (const auto octet : take(octets)) value = value << 8 | octet;
  return value;
}

Result<Done> JksReader::State::open(const Secret& store_password) {
  if (!store_password.empty()) {
    auto password = password_octets(store_password);
    if (!password) return pass_on(password);
    digest_.emplace(*password);
  }
  const auto magic = number(4);
  if (trouble_) return missing();
  if (magic != kJksMagic) return not_jks(magic);
  version_ = number(4);
  count_ = number(4);
  if (short_) return missing();
  if (version_ != 1 && version_ != kJksVersion) {
    return damaged(fmt::format("version {} (1 and 2 are known)", version_));
  }
  if (digest_) digest_->add(octets_);
  return Done{};
}

Result<Bytes> JksReader::State::read_certificate() {
  // Version 1 has no certificate type (JavaKeyStore.engineLoad).
  if (version_ != 1) {
    const auto type = text();
    if (short_) return missing();
    if (!equal(type, as_bytes(kCertificateType))) {
      return damaged(fmt::format("a certificate of type '{}' (only X.509 is known)", printable(as_text(type))));
    }
  }
  const auto der = block();
  if (short_) return missing();
  if (der.empty()) return damaged("a certificate without octets");
  return copy(der);
}

Result<StoreEntry> JksReader::State::read_entry() {
  StoreEntry entry;
  const auto tag = number(4);
  const auto alias = copy(text());
  const auto created = static_cast<std::int64_t>(number(8)) / 1000;
  if (short_) return missing();
  if (tag != kPrivateKeyTag && tag != kTrustedCertificateTag) return damaged(fmt::format("an entry of type {}", tag));
  if (!is_modified_utf8(alias)) return damaged("an alias that is not modified UTF-8");
  if (created < 0 || created > kEndOfTime) return damaged("a creation time outside the years 1970 to 9999");
  entry.alias = printable(as_text(alias));
  entry.created = Instant(std::chrono::seconds(created));
  entry.kind = tag == kPrivateKeyTag ? EntryKind::PrivateKey : EntryKind::TrustedCertificate;
  std::uint64_t count = 1;
  if (tag == kPrivateKeyTag) {
    entry.protected_key = copy(block());
    count = number(4);
    if (short_) return missing();
  }
  for (; count > 0; --count) {
    auto certificate = read_certificate();
    if (!certificate) return pass_on(certificate);
    entry.chain.push_back(std::move(*certificate));
  }
  return entry;
}

Result<Done> JksReader::State::finish() {
  const auto found = copy(take(kSha1Size));
  if (short_) return missing();
  std::uint8_t more = 0;
  auto behind = source_.read({&more, 1});
  if (!behind) return pass_on(behind);
  if (*behind != 0) return damaged("there are octets behind its digest");
  if (!digest_ || CRYPTO_memcmp(digest_->finish().data(), found.data(), kSha1Size) == 0) return Done{};
  return fail(ErrorKind::Failed, "JKS store's digest does not match: wrong store password, or the file was changed");
}

Result<std::optional<StoreEntry>> JksReader::State::next() {
  octets_.clear();
  if (taken_ == count_) {
    auto finished = finish();
    if (!finished) return pass_on(finished);
    return std::nullopt;
  }
  ++taken_;
  auto entry = read_entry();
  if (!entry) return pass_on(entry, fmt::format("entry {} of {}", taken_, count_));
  if (digest_) digest_->add(octets_);
  if (version_ == kJksVersion) entry->octets = octets_;
  return std::optional(std::move(*entry));
}

JksReader::JksReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JksReader::JksReader(JksReader&&) noexcept = default;
JksReader::~JksReader() = default;

Result<JksReader> JksReader::open(OctetSource& source, const Secret& store_password) {
  auto state = std::make_unique<State>(source);
  auto opened = state->open(store_password);
  if (!opened) return pass_on(opened);
  return JksReader(std::move(state));
}

Result<std::optional<StoreEntry>> JksReader::next() { return state_->next(); }

Result<StoreContents> read_jks(ByteView octets, const Secret& store_password) {
  MemorySource source(octets);
  auto reader = JksReader::open(source, store_password);
  if (!reader) return pass_on(reader);
  StoreContents contents;
  contents.type = StoreType::Jks;
  for (;;) {
    auto entry = reader->next();
    if (!entry) return pass_on(entry);
    if (!*entry) break;
    contents.entries.push_back(std::move(**entry));
  }
  contents.verified = !store_password.empty();
  return contents;
}

}  // namespace sealroom
