#include "sealroom/crypto/crypto.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// Fetched once: where OpenSSL is given a name each time, finding the algorithm takes as long as hashing a log entry.
const EVP_MD* sha256_algorithm() {
  static const Owned<EVP_MD, EVP_MD_free> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  if (!fetched) std::abort();
  return fetched.get();
}

}  // namespace

Digest sha256(ByteView octets) {
  Digest digest;
  if (EVP_Digest(octets.data(), octets.size(), digest.data(), nullptr, sha256_algorithm(), nullptr) != 1) std::abort();
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr) != 1) std::abort();
}

void Sha256::add(ByteView octets) {
  if (EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) != 1) std::abort();
}

Digest Sha256::finish() {
  Digest digest;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) std::abort();
  return digest;
}

Digest Sha256::so_far() const {
  Sha256 other;
  if (EVP_MD_CTX_copy_ex(other.context_.get(), context_.get()) != 1) std::abort();
  return other.finish();
}

Bytes kernel_random(std::size_t count) {
  Bytes octets(count);
  std::size_t used = 0;
  while (used < count) {
    const auto got = getrandom(octets.data() + used, count - used, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();
    used += static_cast<std::size_t>(got);
  }
  return octets;
}

std::string to_base64(ByteView octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes octets(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(octets.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // EVP_DecodeBlock counts padding as zero octets and forgives stray blanks; the comparison below does not.
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
    octets.pop_back();
    text.remove_suffix(1);
  }
  const auto canonical = to_base64(octets);
  if (!canonical.starts_with(text) || canonical.find_first_not_of('=', text.size()) != std::string::npos) {
    return std::nullopt;
  }
  return octets;
}

OSSL_LIB_CTX* without_algorithms() {
  struct Empty {
    Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context{OSSL_LIB_CTX_new()};
    // A context in which no provider was ever loaded would load the default one.
    Owned<OSSL_PROVIDER, OSSL_PROVIDER_unload> provider{OSSL_PROVIDER_load(context.get(), "null")};
  };
  static const Empty empty;
  if (!empty.context || !empty.provider) std::abort();
  return empty.context.get();
}

std::string openssl_errors() {
  std::string texts;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!texts.empty()) texts += "; ";
    texts += reason != nullptr ? printable(reason) : "error " + std::to_string(code);
  }
  return texts.empty() ? "no reason given" : texts;
}

}  // namespace sealroom
