#include <algorithm>

#include "store_samples.hpp"

using namespace sealroom;
using namespace sealroom::testing;

TEST_CASE("a truststore has exactly the octets that the format prescribes") {
  // Computed with Python's hashlib and struct from the layout in JavaKeyStore.java.
  const auto expected = from_hex(
      "feedfeed0000000200000001000000020007726f6f74206361000001a1fd8c69000005582e35303900000003010203"
      "af5062141533ea291ca622f3e71b55c021131e3a");
  const auto octets = write_truststore(StoreType::Jks, {{"Root CA", kCreated, {1, 2, 3}}}, secret("pässwörd€😀"));
  REQUIRE(octets);
  CHECK(to_hex(*octets) == to_hex(*expected));
}

TEST_CASE("an alias is written in lower case") {
  const auto contents = read_store(written(sample_key()), secret(kStorePassword));
  REQUIRE(contents);
  REQUIRE(contents->entries.size() == 1);
  CHECK(contents->entries[0].alias == "hivemq broker certificate");
}

TEST_CASE("what was written is read back and opened") {
  const auto store = sample_key();
  const auto contents = read_store(written(store), secret(kStorePassword));
  REQUIRE(contents);
  CHECK(contents->verified);
  const auto& entry = contents->entries.at(0);
  CHECK(entry.kind == EntryKind::PrivateKey);
  CHECK(entry.created == kCreated);
  CHECK(entry.chain == store.chain);
  const auto key = open_key(entry.protected_key, secret(kEntryPassword));
  REQUIRE(key);
  CHECK(equal(key->view(), store.private_key.view()));
}

TEST_CASE("the octets of a private key do not stand in the file") {
  const auto store = sample_key();
  const auto octets = written(store);
  const auto key = store.private_key.view();
  CHECK(std::ranges::search(octets, key.first(20)).empty());
  CHECK(std::ranges::search(octets, key.last(13)).empty());
}

TEST_CASE("two keystores of the same content differ by their salt, two truststores not at all") {
  CHECK(written(sample_key()) != written(sample_key()));
  CHECK(written(sample_trust()) == written(sample_trust()));
}

TEST_CASE("aliases that Java could not tell apart are refused") {
  auto entries = sample_trust();
  entries[1].alias = "root ca";
  const auto refused = write_truststore(StoreType::Jks, entries, secret(kStorePassword));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::Usage);
  CHECK(refused.error().message.find("'root ca'") != std::string::npos);
  CHECK(write_truststore(StoreType::Jks, sample_trust(), secret(kStorePassword)));
}

TEST_CASE("an alias must be printable ASCII of 1 to 255 characters") {
  CHECK(store_alias("HiveMQ Broker Certificate") == std::string("hivemq broker certificate"));
  CHECK(store_alias(std::string(255, 'a')));
  for (const std::string& alias : {std::string(), std::string(256, 'a'), std::string("a\nb"), std::string("a\\b"),
                                   std::string("würzel"), std::string("a\0b", 3), std::string("a\x7f")}) {
    const auto refused = store_alias(alias);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::Usage);
    CHECK_FALSE(write_jks(sample_key(alias), secret(kStorePassword), secret(kEntryPassword)));
  }
}

TEST_CASE("a store without a password or with one that is not UTF-8 is not written") {
  CHECK_FALSE(write_truststore(StoreType::Jks, sample_trust(), Secret()));
  CHECK_FALSE(write_jks(sample_key(), secret(kStorePassword), Secret()));
  for (const std::string_view password : {"\xff", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                          "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\x80"}) {
    const auto refused = write_truststore(StoreType::Jks, sample_trust(), secret(password));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::Usage);
  }
  for (const std::string_view password : {"a", "ä", "€", "😀", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(write_truststore(StoreType::Jks, sample_trust(), secret(password)));
  }
}

TEST_CASE("a key entry without key or certificates is not written") {
  auto without_chain = sample_key();
  without_chain.chain.clear();
  CHECK_FALSE(write_jks(without_chain, secret(kStorePassword), secret(kEntryPassword)));
  auto without_key = sample_key();
  without_key.private_key = Secret();
  CHECK_FALSE(write_jks(without_key, secret(kStorePassword), secret(kEntryPassword)));
}
