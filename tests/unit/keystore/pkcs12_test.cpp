#include <algorithm>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "store_samples.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr int kFew = 5;  // iterations: what is tested here is not their number

// A key's entry with real certificates and a real key: PKCS#12 looks inside.
struct Scene {
  TestAuthority authority{};
  Bytes root = der_of_certificate(authority.root());
  Bytes intermediate = der_of_certificate(authority.intermediate());
  Bytes leaf = der_of_certificate(authority.issue_leaf("serverAuth"));

  KeyEntry key_entry(std::string_view alias = "HiveMQ Broker Certificate") const {
    const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(test_key("ec:P-256")));
    const auto der = der_of(info.get(), i2d_PKCS8_PRIV_KEY_INFO);
    return {std::string(alias), kCreated, secret(as_text(der)), {leaf, intermediate, root}};
  }
  std::vector<TrustEntry> trust() const {
    return {{"Root CA", kCreated, root}, {"intermediate", kCreated, intermediate}};
  }
  Bytes keystore() const {
    auto octets = write_pkcs12(key_entry(), secret(kStorePassword), kFew);
    REQUIRE(octets);
    return std::move(*octets);
  }
  Bytes truststore(Salts salts = Salts::Random, std::string_view password = kStorePassword) const {
    auto octets = write_truststore(StoreType::Pkcs12, trust(), secret(password), salts, kFew);
    REQUIRE(octets);
    return std::move(*octets);
  }
};

Bytes foreign_store(const std::string& name) {
  auto octets = read_file(SEALROOM_SOURCE_DIR "/tests/unit/keystore/data/" + name, 65536);
  REQUIRE(octets);
  return std::move(*octets);
}

void check_every_octet(const Bytes& octets, const Secret& password) {
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (const int flip : {0x01, 0x02, 0x20, 0x80, 0xff}) {
      auto changed = octets;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      INFO("octet " << at << " xor " << flip);
      CHECK_FALSE(read_store(changed, password, 10'000));
    }
  }
}

}  // namespace

TEST_CASE("PKCS#12 stores made by openssl and by keytool are read") {
  const auto password = secret("password");
  const auto keystore = read_store(foreign_store("openssl.p12"), password);
  REQUIRE(keystore);
  CHECK(keystore->verified);
  CHECK(keystore->least_iterations == 2);
  REQUIRE(keystore->entries.size() == 1);
  CHECK(keystore->entries[0].alias == "broker");
  CHECK(keystore->entries[0].chain.size() == 2);
  CHECK(open_key(keystore->entries[0].protected_key, password));
  const auto truststore = read_store(foreign_store("keytool.p12"), password);
  REQUIRE(truststore);
  REQUIRE(truststore->entries.size() == 1);
  CHECK(truststore->entries[0].kind == EntryKind::TrustedCertificate);
  CHECK(truststore->entries[0].alias == "Root CA");  // Java lower-cases it when it loads it
}

TEST_CASE("a PKCS#12 keystore is read back: alias, time, chain and key") {
  const Scene scene;
  const auto contents = read_store(scene.keystore(), secret(kStorePassword));
  REQUIRE(contents);
  CHECK(contents->type == StoreType::Pkcs12);
  CHECK(contents->verified);
  CHECK_FALSE(contents->closed_parts);
  CHECK(contents->least_iterations == kFew);
  REQUIRE(contents->entries.size() == 1);
  const auto& entry = contents->entries[0];
  CHECK(entry.kind == EntryKind::PrivateKey);
  CHECK(entry.alias == "hivemq broker certificate");
  CHECK(entry.created == kCreated);
  CHECK(entry.chain == scene.key_entry().chain);
  const auto key = open_key(entry.protected_key, secret(kStorePassword));
  REQUIRE(key);
  CHECK(equal(key->view(), scene.key_entry().private_key.view()));
  CHECK_FALSE(open_key(entry.protected_key, secret(kEntryPassword)));
}

TEST_CASE("a PKCS#12 truststore is read back, and its entries are seen as trusted") {
  const Scene scene;
  const auto contents = read_store(scene.truststore(), secret(kStorePassword));
  REQUIRE(contents);
  CHECK(contents->verified);
  REQUIRE(contents->entries.size() == 2);
  CHECK(contents->entries[0].kind == EntryKind::TrustedCertificate);
  CHECK(contents->entries[0].alias == "root ca");
  CHECK(contents->entries[0].chain == std::vector<Bytes>{scene.root});
  CHECK(contents->entries[1].alias == "intermediate");
}

TEST_CASE("two PKCS#12 truststores differ by their salts, unless these follow from the content") {
  const Scene scene;
  CHECK(scene.truststore() != scene.truststore());
  const auto fixed = scene.truststore(Salts::FromContent);
  CHECK(fixed == scene.truststore(Salts::FromContent));
  CHECK(fixed != scene.truststore(Salts::FromContent, kEntryPassword));
  // Another content has other salts: the first one stands in the key derivation's parameters.
  const auto less =
      write_truststore(StoreType::Pkcs12, {scene.trust()[0]}, secret(kStorePassword), Salts::FromContent, kFew);
  REQUIRE(less);
  const auto salt_of = [](const Bytes& store) {
    constexpr std::uint8_t pbkdf2[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c};
    const auto found = std::ranges::search(store, pbkdf2);
    return Bytes(found.end(), found.end() + 20);
  };
  CHECK(salt_of(fixed) != salt_of(*less));
}

TEST_CASE("the octets of a private key do not stand in a PKCS#12 file, nor do its certificates") {
  const Scene scene;
  const auto octets = scene.keystore();
  const auto entry = scene.key_entry();
  const auto key = entry.private_key.view();
  CHECK(std::ranges::search(octets, key.last(20)).empty());
  CHECK(std::ranges::search(octets, ByteView(scene.leaf).last(20)).empty());
}

TEST_CASE("a PKCS#12 password must be what Java takes: not empty, and printable ASCII") {
  const Scene scene;
  for (const std::string_view password : {"", "pässwörd", "with\ttab", "\xff"}) {
    const auto refused = write_pkcs12(scene.key_entry(), secret(password), kFew);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::Usage);
    CHECK_FALSE(write_truststore(StoreType::Pkcs12, scene.trust(), secret(password)));
  }
  CHECK(pkcs12_password(secret(" ~")));
}

TEST_CASE("what cannot stand in a PKCS#12 store is not written") {
  const Scene scene;
  auto rubbish = scene.key_entry();
  rubbish.chain[1] = {0x30, 0x01, 0x01};
  CHECK_FALSE(write_pkcs12(rubbish, secret(kStorePassword), kFew));
  auto no_chain = scene.key_entry();
  no_chain.chain.clear();
  CHECK_FALSE(write_pkcs12(no_chain, secret(kStorePassword), kFew));
  CHECK_FALSE(write_truststore(StoreType::Pkcs12, {{"a", kCreated, {0x30, 0x00}}}, secret(kStorePassword)));
  CHECK_FALSE(write_truststore(StoreType::Jceks, scene.trust(), secret(kStorePassword)));
}

TEST_CASE("without its password a PKCS#12 store shows that there is more") {
  const Scene scene;
  const auto contents = read_store(scene.truststore(), Secret());
  REQUIRE(contents);
  CHECK(contents->closed_parts);
  CHECK_FALSE(contents->verified);
  CHECK(contents->entries.empty());
  // Which key there is shows, for it is encrypted by itself.
  const auto keystore = read_store(scene.keystore(), Secret());
  REQUIRE(keystore);
  CHECK(keystore->entries.size() == 1);
}

TEST_CASE("every change of one octet of a PKCS#12 store is noticed when the password is known") {
  const Scene scene;
  check_every_octet(scene.keystore(), secret(kStorePassword));
  check_every_octet(scene.truststore(), secret(kStorePassword));
  for (const auto* name : {"openssl.p12", "keytool.p12"}) check_every_octet(foreign_store(name), secret("password"));
}

TEST_CASE("every shortened PKCS#12 store is refused, and one with octets behind it") {
  const Scene scene;
  for (auto octets : {scene.keystore(), scene.truststore()}) {
    for (std::size_t size = 0; size < octets.size(); ++size) {
      const Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      INFO("the first " << size << " octets");
      CHECK_FALSE(read_store(cut, Secret()));
    }
    octets.push_back(0);
    CHECK_FALSE(read_store(octets, Secret()));
  }
}

TEST_CASE("a wrong password and too many iterations are refused before anything is believed") {
  const Scene scene;
  const auto octets = scene.keystore();
  const auto wrong = read_store(octets, secret(kEntryPassword));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("wrong store password") != std::string::npos);
  // MAC and certificates: five each.
  CHECK(read_store(octets, secret(kStorePassword), 2 * kFew));
  const auto many = read_store(octets, secret(kStorePassword), 2 * kFew - 1);
  REQUIRE_FALSE(many);
  CHECK(many.error().message.find("too many iterations") != std::string::npos);
  const auto contents = read_store(octets, secret(kStorePassword));
  CHECK(open_key(contents->entries[0].protected_key, secret(kStorePassword), kFew));
  CHECK_FALSE(open_key(contents->entries[0].protected_key, secret(kStorePassword), kFew - 1));
}

TEST_CASE("entries that stay keep their octets in both formats, and no key is ever kept") {
  const Scene scene;
  for (const auto type : {StoreType::Jks, StoreType::Pkcs12}) {
    const auto old = write_truststore(type, scene.trust(), secret(kStorePassword));
    REQUIRE(old);
    const auto before = read_store(*old, secret(kStorePassword));
    REQUIRE(before);
    MemorySink sink;
    auto writer = TruststoreWriter::begin(type, sink, 3, secret(kEntryPassword), Salts::Random, kFew);
    REQUIRE(writer);
    for (const auto& entry : before->entries) CHECK((*writer)->keep(entry));
    CHECK_FALSE((*writer)->keep(before->entries[0]));                        // its alias is taken now
    CHECK_FALSE((*writer)->add({"ROOT CA", kCreated, scene.intermediate}));  // in any case
    CHECK((*writer)->add({"leaf", kCreated, scene.leaf}));
    REQUIRE((*writer)->finish());
    const auto after = read_store(std::move(sink).take(), secret(kEntryPassword));
    REQUIRE(after);
    REQUIRE(after->entries.size() == 3);
    for (std::size_t i = 0; i < 2; ++i) CHECK(after->entries[i].octets == before->entries[i].octets);
    CHECK(after->entries[2].alias == "leaf");
  }
  const auto keystore = read_store(scene.keystore(), secret(kStorePassword));
  MemorySink sink;
  auto writer = TruststoreWriter::begin(StoreType::Pkcs12, sink, 1, secret(kStorePassword));
  REQUIRE(writer);
  CHECK_FALSE((*writer)->keep(keystore->entries.at(0)));
}
