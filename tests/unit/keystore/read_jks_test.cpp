#include "store_samples.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/public_key.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Bytes keytool_store() {
  auto octets = read_file(SEALROOM_SOURCE_DIR "/tests/unit/keystore/data/keytool.jks", 65536);
  REQUIRE(octets);
  return std::move(*octets);
}

void check_refused(const Bytes& octets, std::string_view reason) {
  const auto contents = read_store(octets, Secret());
  REQUIRE_FALSE(contents);
  CHECK(contents.error().kind == ErrorKind::Failed);
  INFO(contents.error().message);
  CHECK(contents.error().message.find(reason) != std::string::npos);
}

// Where things stand in a written sample_trust().
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kTagAt = 12;
constexpr std::size_t kAliasAt = 16;
constexpr std::size_t kCreatedAt = kAliasAt + 2 + 7;
constexpr std::size_t kTypeAt = kCreatedAt + 8;
constexpr std::size_t kCertificateAt = kTypeAt + 2 + 5;

Bytes with(Bytes octets, std::size_t at, const Bytes& replacement) {
  for (const auto octet : replacement) octets.at(at++) = octet;
  return octets;
}

}  // namespace

TEST_CASE("a store made by keytool is read, and its key opened") {
  const auto contents = read_store(keytool_store(), secret("pässwörd€😀"));
  REQUIRE(contents);
  CHECK(contents->verified);
  REQUIRE(contents->entries.size() == 2);
  const auto& key_entry =
      contents->entries[0].kind == EntryKind::PrivateKey ? contents->entries[0] : contents->entries[1];
  const auto& trust_entry =
      contents->entries[0].kind == EntryKind::PrivateKey ? contents->entries[1] : contents->entries[0];
  CHECK(key_entry.alias == "broker key");
  CHECK(trust_entry.kind == EntryKind::TrustedCertificate);
  CHECK(trust_entry.protected_key.empty());
  CHECK(trust_entry.alias == "w\\xc3\\xbcrzel\\xe2\\x82\\xac\\xed\\xa0\\xbd\\xed\\xb8\\x80");

  const auto key = open_key(key_entry.protected_key, secret("another-Päss-1"));
  REQUIRE(key);
  const unsigned char* next = key->view().data();
  const OwnedPkey decoded(d2i_AutoPrivateKey(nullptr, &next, static_cast<long>(key->size())));
  REQUIRE(decoded);
  const auto public_key = PublicKey::of(decoded.get());
  REQUIRE(public_key);
  CHECK(to_hex(public_key->digest()) == "2b45a639cca2eafdcfc35468f4fa3cde47ba21e152732f8897f5be2a57533cdb");
}

TEST_CASE("a wrong store password is noticed, no password proves nothing") {
  const auto octets = written(sample_trust());
  CHECK_FALSE(read_store(octets, secret("a store passwore")));
  const auto unchecked = read_store(octets, Secret());
  REQUIRE(unchecked);
  CHECK_FALSE(unchecked->verified);
  CHECK(unchecked->entries.size() == 2);
}

TEST_CASE("a wrong entry password does not open a key") {
  const auto contents = read_store(written(sample_key()), secret(kStorePassword));
  REQUIRE(contents);
  for (const auto password : {kStorePassword, std::string_view()}) {
    const auto key = open_key(contents->entries[0].protected_key, secret(password));
    REQUIRE_FALSE(key);
    CHECK(key.error().kind == ErrorKind::Failed);
  }
}

TEST_CASE("every change of one octet is noticed when the password is known") {
  for (const auto& octets : {written(sample_key()), written(sample_trust())}) {
    for (std::size_t at = 0; at < octets.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        auto changed = octets;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
        INFO("octet " << at << " xor " << flip);
        CHECK_FALSE(read_store(changed, secret(kStorePassword)));
      }
    }
  }
}

TEST_CASE("every shortened store is refused, with and without a password") {
  for (const auto& octets : {written(sample_key()), written(sample_trust()), keytool_store()}) {
    for (std::size_t size = 0; size < octets.size(); ++size) {
      // An exact allocation, so that the address sanitizer sees a read past its end.
      const Bytes cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      INFO("the first " << size << " octets");
      CHECK_FALSE(read_store(cut, Secret()));
      CHECK_FALSE(read_store(cut, secret(kStorePassword)));
    }
  }
}

TEST_CASE("a length or count that lies, anywhere, is refused or read within the file") {
  for (const auto& octets : {written(sample_key()), written(sample_trust()), keytool_store()}) {
    for (std::size_t at = 0; at + 4 <= octets.size(); ++at) {
      for (const Bytes& lie : {Bytes{0xff, 0xff, 0xff, 0xff}, Bytes{0x7f, 0xff, 0xff, 0xff}, Bytes{0, 0, 0, 0},
                               Bytes{0xff, 0xff}, Bytes{0, 0}, Bytes{0, 0, 1, 0}}) {
        const auto contents = read_store(with(octets, at, lie), Secret());
        if (!contents) continue;
        std::size_t held = 0;
        for (const auto& entry : contents->entries) {
          held += entry.protected_key.size();
          for (const auto& certificate : entry.chain) held += certificate.size();
        }
        CHECK(held < octets.size());
      }
    }
  }
}

TEST_CASE("a store that is not well formed is refused with its reason") {
  const auto good = written(sample_trust());
  CHECK(read_store(good, Secret()));
  check_refused({}, "is no store");
  check_refused(with(good, 0, {0xfe, 0xee}), "is no store");
  check_refused(with(good, 0, {0x30, 0x82}), "no PKCS#12 store in whole");
  check_refused(with(good, 0, {0xce, 0xce, 0xce, 0xce}), "JCEKS");
  check_refused(with(good, kVersionAt, {0, 0, 0, 3}), "version 3");
  check_refused(with(good, kVersionAt, {0, 0, 0, 0}), "version 0");
  check_refused(with(good, kCountAt, {0, 0, 0, 1}), "octets behind its digest");
  check_refused(with(good, kCountAt, {0, 0, 0, 3}), "entry 3 of 3: JKS store is damaged: it is cut short");
  check_refused(with(good, kTagAt, {0, 0, 0, 3}), "entry 1 of 2: JKS store is damaged: an entry of type 3");
  check_refused(with(good, kAliasAt + 2, {0xf0}), "modified UTF-8");
  check_refused(with(good, kAliasAt + 2 + 6, {0xc3}), "modified UTF-8");
  check_refused(with(good, kCreatedAt, {0x80}), "creation time");
  check_refused(with(good, kCreatedAt, {0x7f}), "creation time");
  check_refused(with(good, kTypeAt + 2, {'Y', '\n'}), "type 'Y\\x0a509'");
  auto behind = good;
  behind.push_back(0);
  check_refused(behind, "octets behind its digest");
  auto empty = with(good, kCertificateAt, {0, 0, 0, 0});
  empty.erase(empty.begin() + kCertificateAt + 4, empty.begin() + kCertificateAt + 7);
  check_refused(empty, "without octets");
}

TEST_CASE("version 1, which has no certificate types, is read") {
  auto octets = written(std::vector<TrustEntry>{{"root", kCreated, {0x30, 0x01, 0x01}}});
  octets[kVersionAt + 3] = 1;
  constexpr std::size_t type_at = kAliasAt + 2 + 4 + 8;
  octets.erase(octets.begin() + type_at, octets.begin() + type_at + 7);
  const auto contents = read_store(octets, Secret());
  REQUIRE(contents);
  CHECK(contents->entries.at(0).chain == std::vector<Bytes>{{0x30, 0x01, 0x01}});
}

TEST_CASE("a protected key that is not what it should be is refused") {
  const auto contents = read_store(written(sample_key()), Secret());
  REQUIRE(contents);
  const Bytes& good = contents->entries[0].protected_key;
  CHECK(open_key(good, secret(kEntryPassword)));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(open_key(cut, secret(kEntryPassword)));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto changed = good;
    changed[at] ^= 0x01;
    // The parameters' NULL carries no meaning (JavaKeyStore does not look at it either).
    const auto opened = open_key(changed, secret(kEntryPassword));
    if (opened) CHECK(to_hex(Bytes(good.begin() + static_cast<std::ptrdiff_t>(at), good.end())).starts_with("05"));
  }
  auto behind = good;
  behind.push_back(0);
  CHECK_FALSE(open_key(behind, secret(kEntryPassword)));
  // EncryptedPrivateKeyInfo{OID, NULL, OCTET STRING of 40 octets}: salt and check with no key between.
  auto no_key = *from_hex("303a300e060a2b060104012a0211010105000428");
  no_key.resize(no_key.size() + 40);
  CHECK_FALSE(open_key(no_key, secret(kEntryPassword)));
}
