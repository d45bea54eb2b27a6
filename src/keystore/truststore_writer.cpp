#include "sealroom/keystore/truststore_writer.hpp"

#include <fmt/format.h>

#include "jks_octets.hpp"
#include "pkcs12_octets.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

class JksTruststoreWriter final : public TruststoreWriter {
 public:
  explicit JksTruststoreWriter(JksWriter writer) : writer_(std::move(writer)) {}

  Result<Done> finish() override { return writer_.finish(); }

 private:
  Result<Done> put(const TrustEntry& entry) override { return writer_.trusted(entry); }
  Result<Done> put_octets(ByteView entry) override { return writer_.octets(entry); }

  JksWriter writer_;
};

class Pkcs12TruststoreWriter final : public TruststoreWriter {
 public:
  Pkcs12TruststoreWriter(OctetSink& sink, Secret password, Salts salts, int iterations)
      : sink_(sink), password_(std::move(password)), salts_(salts), iterations_(iterations) {}

  Result<Done> finish() override {
    const auto octets = pkcs12_of({{bags_, true}}, password_, salts_, iterations_);
    bags_ = {};
    return sink_.write(octets);
  }

 private:
  Result<Done> put(const TrustEntry& entry) override {
    auto bag = trusted_bag(entry);
    if (!bag) return pass_on(bag);
    return put_octets(*bag);
  }
  Result<Done> put_octets(ByteView entry) override {
    bags_.insert(bags_.end(), entry.begin(), entry.end());
    return Done{};
  }

  OctetSink& sink_;
  Secret password_;
  Salts salts_;
  int iterations_;
  Bytes bags_;
};

}  // namespace

Result<std::unique_ptr<TruststoreWriter>> TruststoreWriter::begin(StoreType type, OctetSink& sink, std::size_t count,
                                                                  const Secret& password, Salts salts, int iterations) {
  if (type == StoreType::Jks) {
    auto writer = JksWriter::begin(sink, count, password);
    if (!writer) return pass_on(writer);
    return std::make_unique<JksTruststoreWriter>(std::move(*writer));
  }
  if (type != StoreType::Pkcs12) {
    return fail(ErrorKind::Usage, fmt::format("stores of type {} are not written", name_of(type)));
  }
  auto fit = pkcs12_password(password);
  if (!fit) return pass_on(fit, "store");
  auto own = Secret::copy_of(password.view());
  if (!own) return pass_on(own);
  return std::make_unique<Pkcs12TruststoreWriter>(sink, std::move(*own), salts, iterations);
}

Result<Done> TruststoreWriter::take_alias(const std::string& alias) {
  if (aliases_.insert(alias).second) return Done{};
  return fail(ErrorKind::Usage, fmt::format("alias '{}': is used twice (Java does not tell case)", alias),
              "give every entry an alias of its own");
}

Result<Done> TruststoreWriter::add(const TrustEntry& entry) {
  auto alias = store_alias(entry.alias);
  if (!alias) return pass_on(alias);
  auto taken = take_alias(*alias);
  if (!taken) return taken;
  return put({*alias, entry.created, entry.certificate});
}

Result<Done> TruststoreWriter::keep(const StoreEntry& entry) {
  if (entry.kind == EntryKind::PrivateKey) {
    return fail(ErrorKind::Failed, fmt::format("alias '{}': is a private key; no truststore holds one", entry.alias));
  }
  if (entry.octets.empty()) {
    return fail(ErrorKind::Failed, fmt::format("alias '{}': stands in the form of JKS version 1", entry.alias),
                "have the store written anew: keytool -importkeystore -deststoretype JKS");
  }
  if (!entry.alias.empty()) {
    auto taken = take_alias(ascii_lower(entry.alias));
    if (!taken) return taken;
  }
  return put_octets(entry.octets);
}

}  // namespace sealroom
