#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

// The order of P-256 (SEC 2 version 2 section 2.4.2).
const Bytes kOrder = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();

Bytes positive(const Bytes& magnitude) {
  return magnitude.empty() || magnitude[0] >= 0x80 ? joined({{0x00}, magnitude}) : magnitude;
}

// Magnitudes without leading zeros, most significant octet first.
struct Signature {
  Bytes r;
  Bytes s;
};

Bytes magnitude_of(const BIGNUM* number) {
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.data());
  return octets;
}

OwnedBignum number_of(const Bytes& magnitude) {
  return OwnedBignum(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
}

Bytes order_minus(const Bytes& magnitude) {
  const auto result = number_of(kOrder);
  must(BN_sub(result.get(), result.get(), number_of(magnitude).get()) == 1, "difference");
  return magnitude_of(result.get());
}

Bytes order_plus(const Bytes& magnitude) {
  const auto result = number_of(kOrder);
  must(BN_add(result.get(), result.get(), number_of(magnitude).get()) == 1, "sum");
  return magnitude_of(result.get());
}

// One good P-256 request, taken apart.
struct Parts {
  Bytes info;
  Bytes algorithm;
  Signature signature;

  Bytes with(const Bytes& signature_octets) const {
    return der_sequence({info, algorithm, der_bits(signature_octets)});
  }
  Bytes with_values(const Bytes& r, const Bytes& s) const {
    return with(der_sequence({der_value(0x02, r), der_value(0x02, s)}));
  }
};

Parts take_apart(const Bytes& der) {
  const auto parsed = ParsedRequest::parse(der, {});
  REQUIRE(parsed);
  const unsigned char* next = parsed->signature().data();
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(
      d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(parsed->signature().size())));
  must(signature != nullptr, "signature");
  return {parsed->to_be_signed(),
          HandmadeRequest().algorithm,
          {magnitude_of(ECDSA_SIG_get0_r(signature.get())), magnitude_of(ECDSA_SIG_get0_s(signature.get()))}};
}

}  // namespace

TEST_CASE("an ECDSA signature is two numbers from 1 to below the order, in DER") {
  const auto parts = take_apart(HandmadeRequest().encoded());
  const auto& [r, s] = parts.signature;
  CHECK(refused_with(parts.with_values(positive(r), positive(s))).empty());
  // The other of the two signatures that every signature stands for; RFC 5480 allows both.
  CHECK(refused_with(parts.with_values(positive(r), positive(order_minus(s)))).empty());

  const Ids mismatch{"signature.mismatch"};
  CHECK(refused_with(parts.with_values(positive(order_plus(r)), positive(s))) == mismatch);
  CHECK(refused_with(parts.with_values(positive(r), positive(order_plus(s)))) == mismatch);
  CHECK(refused_with(parts.with_values(positive(kOrder), positive(s))) == mismatch);
  CHECK(refused_with(parts.with_values(positive(r), positive(kOrder))) == mismatch);
  CHECK(refused_with(parts.with_values({0x00}, positive(s))) == mismatch);
  CHECK(refused_with(parts.with_values(positive(r), {0x00})) == mismatch);
  CHECK(refused_with(parts.with_values({0x00}, {0x00})) == mismatch);
}

TEST_CASE("an ECDSA signature whose numbers are negative or padded is refused") {
  // A number below 2^255 with a needless zero octet, one above it without its sign octet.
  auto parts = take_apart(HandmadeRequest().encoded());
  while (parts.signature.r[0] >= 0x80 || parts.signature.s[0] < 0x80) {
    parts = take_apart(HandmadeRequest().encoded());
  }
  const auto& [r, s] = parts.signature;
  CHECK(refused_with(parts.with_values(r, positive(s))).empty());
  CHECK(refused_with(parts.with_values(joined({{0x00}, r}), positive(s))) == Ids{"signature.mismatch"});
  CHECK(refused_with(parts.with_values(r, s)) == Ids{"signature.mismatch"});
}

TEST_CASE("an ECDSA signature in another form than its sequence is refused") {
  const auto parts = take_apart(HandmadeRequest().encoded());
  const Bytes r = der_value(0x02, positive(parts.signature.r));
  const Bytes s = der_value(0x02, positive(parts.signature.s));
  const Ids mismatch{"signature.mismatch"};
  CHECK(refused_with(parts.with(der_sequence({r, s}))).empty());
  CHECK(refused_with(parts.with(joined({r, s}))) == mismatch);
  CHECK(refused_with(parts.with(der_set({r, s}))) == mismatch);
  CHECK(refused_with(parts.with(der_sequence({r, s, der_null()}))) == mismatch);
  CHECK(refused_with(parts.with(der_sequence({r}))) == mismatch);
  CHECK(refused_with(parts.with(joined({{0x30, 0x80}, r, s, {0x00, 0x00}}))) == mismatch);
  CHECK(refused_with(parts.with(joined({{0x30, 0x81}, {static_cast<std::uint8_t>(r.size() + s.size())}, r, s}))) ==
        mismatch);
  // r and s side by side as in IEEE P1363 and JOSE.
  Bytes plain(64);
  std::copy(parts.signature.r.begin(), parts.signature.r.end(),
            plain.begin() + 32 - static_cast<std::ptrdiff_t>(parts.signature.r.size()));
  std::copy(parts.signature.s.begin(), parts.signature.s.end(),
            plain.end() - static_cast<std::ptrdiff_t>(parts.signature.s.size()));
  CHECK(refused_with(parts.with(plain)) == mismatch);
}

TEST_CASE("an RSA signature has as many octets as the modulus and is below it") {
  HandmadeRequest request;
  request.key = "rsa:2048";
  request.spki = spki_of(test_key(request.key));
  request.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
  const auto parsed = ParsedRequest::parse(request.encoded(), {});
  REQUIRE(parsed);
  const Bytes& good = parsed->signature();
  const auto with = [&](const Bytes& signature) {
    return refused_with(der_sequence({parsed->to_be_signed(), request.algorithm, der_bits(signature)}));
  };
  CHECK(with(good).empty());
  CHECK(with(joined({{0x00}, good})) == Ids{"signature.mismatch"});
  CHECK(with({good.begin() + 1, good.end()}) == Ids{"signature.mismatch"});
  CHECK(with(Bytes(256, 0xff)) == Ids{"signature.mismatch"});
  CHECK(with(Bytes(256, 0x00)) == Ids{"signature.mismatch"});

  // The same residue once more: signature + modulus, where that still has 256 octets.
  BIGNUM* raw = nullptr;
  must(EVP_PKEY_get_bn_param(test_key(request.key), "n", &raw) == 1, "modulus");
  const OwnedBignum modulus(raw);
  const auto sum = number_of(good);
  must(BN_add(sum.get(), sum.get(), modulus.get()) == 1, "sum");
  CHECK(with(magnitude_of(sum.get())) == Ids{"signature.mismatch"});
}

// The padding is fixed octet for octet (RFC 8017 section 9.2); a reader that skips over it can be deceived where the
// exponent is small (Bleichenbacher 2006), so nothing but the exact form may pass.
TEST_CASE("an RSA signature whose padding is not the exact one is refused") {
  HandmadeRequest request;
  request.key = "rsa:2048";
  request.spki = spki_of(test_key(request.key));
  request.algorithm = der_sequence({der_oid("1.2.840.113549.1.1.11"), der_null()});
  const auto parsed = ParsedRequest::parse(request.encoded(), {});
  REQUIRE(parsed);
  const auto with = [&](const Bytes& padded) {
    const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, test_key(request.key), nullptr));
    Bytes signature(256);
    std::size_t size = signature.size();
    must(EVP_PKEY_sign_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
             EVP_PKEY_sign(context.get(), signature.data(), &size, padded.data(), padded.size()) == 1,
         "raw signature");
    return refused_with(der_sequence({parsed->to_be_signed(), request.algorithm, der_bits(signature)}));
  };
  const Digest hash = sha256(parsed->to_be_signed());
  const Bytes digest = der_value(0x04, {hash.begin(), hash.end()});
  const Bytes sha256_oid = der_oid("2.16.840.1.101.3.4.2.1");
  const Bytes info = der_sequence({der_sequence({sha256_oid, der_null()}), digest});
  const auto padding = [&](std::size_t behind) { return Bytes(256 - 3 - behind, 0xff); };
  CHECK(with(joined({{0x00, 0x01}, padding(info.size()), {0x00}, info})).empty());

  const Ids mismatch{"signature.mismatch"};
  const Bytes without_null = der_sequence({der_sequence({sha256_oid}), digest});
  CHECK(with(joined({{0x00, 0x01}, padding(without_null.size()), {0x00}, without_null})) == mismatch);
  CHECK(with(joined({{0x00, 0x02}, padding(info.size()), {0x00}, info})) == mismatch);
  CHECK(with(joined({{0x00, 0x01}, padding(info.size() + 4), {0x00}, info, {1, 2, 3, 4}})) == mismatch);
  CHECK(with(joined({{0x00, 0x01}, Bytes(8, 0xff), {0x00}, info, Bytes(256 - 11 - info.size(), 0x55)})) == mismatch);
  CHECK(with(joined({{0x00, 0x01}, Bytes(256 - 3 - info.size(), 0x00), {0x00}, info})) == mismatch);
  CHECK(with(joined({{0x00, 0x01}, padding(32), {0x00}, {hash.begin(), hash.end()}})) == mismatch);
}
