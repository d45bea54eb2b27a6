#include <cstdlib>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {
namespace {

constexpr KeySpec kSpecs[] = {{KeyType::Rsa, 2048}, {KeyType::Rsa, 3072}, {KeyType::Rsa, 4096},
                              {KeyType::EcP256, 256}, {KeyType::EcP384, 384}};

}  // namespace

Result<KeySpec> KeySpec::parse(std::string_view text) {
  for (const auto& spec : kSpecs) {
    if (spec.text() == text) return spec;
  }
  return fail(ErrorKind::Usage, fmt::format("key '{}' is not a kind that can be generated", printable(text)),
              "choose rsa-2048, rsa-3072, rsa-4096, ec-p256 or ec-p384");
}

std::string KeySpec::text() const {
  switch (type) {
    case KeyType::Rsa: return fmt::format("rsa-{}", bits);
    case KeyType::EcP256: return "ec-p256";
    case KeyType::EcP384: return "ec-p384";
    default: std::abort();
  }
}

}  // namespace sealroom
