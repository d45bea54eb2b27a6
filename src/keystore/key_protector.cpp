#include <algorithm>
#include <cstdlib>

#include <openssl/crypto.h>

#include "jks_octets.hpp"
#include "sealroom/crypto/crypto.hpp"

// Sun's key protector (KeyProtector.java): the key is xored with SHA-1(password, previous block), the first previous
// block being the salt; a SHA-1 over password and key behind it tells a wrong password. The format allows nothing
// better, so the password must carry all the strength.
namespace sealroom {
namespace {

using OwnedSig = Owned<X509_SIG, X509_SIG_free>;

constexpr const char* kProtectorOid = "1.3.6.1.4.1.42.2.17.1.1";
constexpr std::size_t kSaltSize = kSha1Size;
// An RSA-16384 PrivateKeyInfo has about 9,300 octets.
constexpr std::size_t kLongestKey = 65536;

Result<Done> xor_keystream(std::span<std::uint8_t> octets, ByteView salt, ByteView password) {
  auto block = Secret::copy_of(salt);
  auto next = Secret::with_size(kSha1Size);
  if (!block) return pass_on(block);
  if (!next) return pass_on(next);
  while (!octets.empty()) {
    sha1(next->writable().first<kSha1Size>(), {password, block->view()});
    std::swap(*block, *next);
    const std::size_t count = std::min(octets.size(), kSha1Size);
    for (std::size_t i = 0; i < count; ++i) octets[i] ^= block->view()[i];
    octets = octets.subspan(count);
  }
  return Done{};
}

OwnedObject protector_oid() {
  OwnedObject oid(OBJ_txt2obj(kProtectorOid, 1));
  if (!oid) std::abort();
  return oid;
}

// The protected octets (salt, xored key, check) inside `info`; nothing when it is something else.
std::optional<ByteView> protected_octets(const X509_SIG* info) {
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* value = nullptr;
  X509_SIG_get0(info, &algorithm, &value);
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  if (OBJ_cmp(oid, protector_oid().get()) != 0) return std::nullopt;
  return ByteView{ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::unexpected<Error> not_opened() {
  return fail(ErrorKind::Failed, "private key entry cannot be opened: wrong password, or the entry is damaged",
              "the entry's password can differ from the store's");
}

}  // namespace

Result<Bytes> protect_key(const Secret& private_key, const Secret& password_octets) {
  const Bytes salt = kernel_random(kSaltSize);
  auto covered = Secret::copy_of(private_key.view());
  if (!covered) return pass_on(covered);
  const auto done = xor_keystream(covered->writable(), salt, password_octets.view());
  if (!done) return std::unexpected<Error>(done.error());
  Bytes value = salt;
  value.insert(value.end(), covered->view().begin(), covered->view().end());
  value.resize(value.size() + kSha1Size);
  sha1(std::span(value).last<kSha1Size>(), {password_octets.view(), private_key.view()});

  const OwnedSig info(X509_SIG_new());
  if (!info) std::abort();
  X509_ALGOR* algorithm = nullptr;
  ASN1_OCTET_STRING* string = nullptr;
  X509_SIG_getm(info.get(), &algorithm, &string);
  if (X509_ALGOR_set0(algorithm, protector_oid().release(), V_ASN1_NULL, nullptr) != 1 ||
      ASN1_OCTET_STRING_set(string, value.data(), static_cast<int>(value.size())) != 1) {
    std::abort();
  }
  return der_of(info.get(), i2d_X509_SIG);
}

Result<std::optional<Secret>> open_sun_key(const X509_SIG* info, const Secret& password) {
  const auto protected_value = protected_octets(info);
  if (!protected_value) return std::nullopt;
  const ByteView value = *protected_value;
  if (value.size() <= kSaltSize + kSha1Size || value.size() > kLongestKey) return not_opened();

  auto octets = password_octets(password);
  if (!octets) return pass_on(octets);
  auto key = Secret::copy_of(value.subspan(kSaltSize, value.size() - kSaltSize - kSha1Size));
  if (!key) return pass_on(key);
  auto done = xor_keystream(key->writable(), value.first(kSaltSize), octets->view());
  if (!done) return pass_on(done);
  std::array<std::uint8_t, kSha1Size> check{};
  sha1(check, {octets->view(), key->view()});
  const bool good = CRYPTO_memcmp(check.data(), value.last(kSha1Size).data(), kSha1Size) == 0;
  OPENSSL_cleanse(check.data(), check.size());
  if (!good) return not_opened();
  return std::optional(std::move(*key));
}

}  // namespace sealroom
