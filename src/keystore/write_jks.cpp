#include "jks_octets.hpp"
#include "sealroom/keystore/jks.hpp"

namespace sealroom {
namespace {

// Layout collects the octets of one entry.
class Layout {
 public:
  Layout& number(std::uint64_t value, int octets) {
    for (int shift = 8 * octets - 8; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(value >> shift));
    return *this;
  }
  // DataOutput.writeUTF: its "modified UTF-8" is ASCII for the printable ASCII that is written here.
  Layout& text(std::string_view text) {
    number(text.size(), 2);
    out_.insert(out_.end(), text.begin(), text.end());
    return *this;
  }
  Layout& block(ByteView octets) {
    number(octets.size(), 4);
    out_.insert(out_.end(), octets.begin(), octets.end());
    return *this;
  }
  Layout& start(std::uint32_t tag, std::string_view alias, Instant created) {
    return number(tag, 4).text(alias).number(static_cast<std::uint64_t>(created.time_since_epoch().count() * 1000), 8);
  }
  ByteView octets() const { return out_; }

 private:
  Bytes out_;
};

Result<Secret> password_for_writing(const Secret& password) {
  if (password.empty()) return fail(ErrorKind::Usage, "a JKS store needs a password");
  return password_octets(password);
}

}  // namespace

Result<JksWriter> JksWriter::begin(OctetSink& sink, std::size_t count, const Secret& store_password) {
  auto password = password_for_writing(store_password);
  if (!password) return pass_on(password, "store");
  JksWriter writer(sink, *password);
  auto written = writer.octets(Layout().number(kJksMagic, 4).number(kJksVersion, 4).number(count, 4).octets());
  if (!written) return pass_on(written);
  return writer;
}

Result<Done> JksWriter::octets(ByteView entry) {
  digest_.add(entry);
  return sink_.write(entry);
}

Result<Done> JksWriter::key(const KeyEntry& entry, ByteView covered) {
  Layout layout;
  layout.start(kPrivateKeyTag, entry.alias, entry.created).block(covered).number(entry.chain.size(), 4);
  for (const auto& certificate : entry.chain) layout.text(kCertificateType).block(certificate);
  return octets(layout.octets());
}

Result<Done> JksWriter::trusted(const TrustEntry& entry) {
  Layout layout;
  layout.start(kTrustedCertificateTag, entry.alias, entry.created).text(kCertificateType).block(entry.certificate);
  return octets(layout.octets());
}

Result<Done> JksWriter::finish() { return sink_.write(digest_.finish()); }

Result<Bytes> write_jks(const KeyEntry& entry, const Secret& store_password, const Secret& entry_password) {
  auto alias = store_alias(entry.alias);
  if (!alias) return pass_on(alias);
  if (entry.chain.empty() || entry.private_key.empty()) {
    return fail(ErrorKind::Usage, "a key entry needs its key and its certificates");
  }
  auto password = password_for_writing(entry_password);
  if (!password) return pass_on(password, "entry");
  auto covered = protect_key(entry.private_key, *password);
  if (!covered) return pass_on(covered);
  MemorySink sink;
  auto writer = JksWriter::begin(sink, 1, store_password);
  if (!writer) return pass_on(writer);
  auto written = writer->key({*alias, entry.created, Secret(), entry.chain}, *covered);
  if (written) written = writer->finish();
  if (!written) return pass_on(written);
  return std::move(sink).take();
}

}  // namespace sealroom
