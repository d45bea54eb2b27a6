#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"
#include "support/openssl_requests.hpp"

namespace sealroom::testing {

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Identifier octet, minimal definite length, contents.
inline Bytes der_value(std::uint8_t identifier, const Bytes& contents) {
  Bytes out{identifier};
  const std::size_t size = contents.size();
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    Bytes length;
    for (std::size_t rest = size; rest != 0; rest >>= 8) {
      length.insert(length.begin(), static_cast<std::uint8_t>(rest & 0xff));
    }
    out.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
    out.insert(out.end(), length.begin(), length.end());
  }
  out.insert(out.end(), contents.begin(), contents.end());
  return out;
}

inline Bytes der_sequence(std::initializer_list<Bytes> parts) { return der_value(0x30, joined(parts)); }
inline Bytes der_set(std::initializer_list<Bytes> parts) { return der_value(0x31, joined(parts)); }
inline Bytes der_integer(std::uint8_t value) { return {0x02, 0x01, value}; }
inline Bytes der_null() { return {0x05, 0x00}; }
inline Bytes der_text(std::uint8_t identifier, std::string_view text) {
  return der_value(identifier, copy(as_bytes(text)));
}
inline Bytes der_utf8(std::string_view text) { return der_text(0x0c, text); }
inline Bytes der_bits(const Bytes& octets) { return der_value(0x03, joined({{0x00}, octets})); }

inline Bytes der_oid(const std::string& dotted) {
  const OwnedObject object(OBJ_txt2obj(dotted.c_str(), 1));
  must(object != nullptr, "identifier");
  return der_of(object.get(), i2d_ASN1_OBJECT);
}

// One attribute of a name, in a set of its own.
inline Bytes der_name_part(const std::string& oid, const Bytes& value) {
  return der_set({der_sequence({der_oid(oid), value})});
}

inline Bytes der_extension(const std::string& oid, const Bytes& value) {
  return der_sequence({der_oid(oid), der_value(0x04, value)});
}

inline Bytes der_attribute(const std::string& oid, std::initializer_list<Bytes> values) {
  return der_sequence({der_oid(oid), der_set(values)});
}

inline Bytes spki_of(EVP_PKEY* key) { return der_of(key, i2d_PUBKEY); }

// A PKCS#10 request put together octet by octet; every part can be replaced by rubbish, the signature still fits.
struct HandmadeRequest {
  std::string key = "ec:P-256";  // as for test_key; signs
  Bytes version = der_integer(0);
  Bytes subject = der_sequence({der_name_part("2.5.4.3", der_utf8("broker.example.com"))});
  Bytes spki = spki_of(test_key(key));
  Bytes attributes = der_value(0xa0, {});                            // the whole [0], or nothing
  Bytes algorithm = der_sequence({der_oid("1.2.840.10045.4.3.2")});  // ecdsa-with-SHA256
  const EVP_MD* digest = EVP_sha256();

  Bytes encoded() const {
    const Bytes info = der_sequence({version, subject, spki, attributes});
    const OwnedDigestContext context(EVP_MD_CTX_new());
    std::size_t size = 0;
    must(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, test_key(key)) == 1 &&
             EVP_DigestSign(context.get(), nullptr, &size, info.data(), info.size()) == 1,
         "signature");
    Bytes signature(size);
    must(EVP_DigestSign(context.get(), signature.data(), &size, info.data(), info.size()) == 1, "signature");
    signature.resize(size);
    return der_sequence({info, algorithm, der_bits(signature)});
  }
};

}  // namespace sealroom::testing
