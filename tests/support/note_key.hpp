#pragma once

#include <catch2/catch.hpp>

#include <openssl/evp.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/checkpoint.hpp"

namespace sealroom::testing {

// A software key that signs notes.
class NoteKey {
 public:
  explicit NoteKey(const char* curve = "P-256") : pair_(EVP_EC_gen(curve)), key_(*PublicKey::of(pair_.get())) {}

  const PublicKey& key() const { return key_; }

  Bytes sign(std::string_view text) const {
    const OwnedDigestContext context(EVP_MD_CTX_new());
    REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pair_.get()) == 1);
    Bytes signature(256);
    auto size = signature.size();
    const auto message = as_bytes(text);
    REQUIRE(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
    signature.resize(size);
    return signature;
  }

  // A signature line by this key over `text`, under any name.
  std::string line(std::string_view name, std::string_view text) const {
    const auto id = log::key_id(key_);
    Bytes octets(id.begin(), id.end());
    const auto signature = sign(text);
    octets.insert(octets.end(), signature.begin(), signature.end());
    return "\u2014 " + std::string(name) + " " + to_base64(octets) + "\n";
  }

 private:
  OwnedPkey pair_;
  PublicKey key_;
};

}  // namespace sealroom::testing
