#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sealroom/token/token.hpp"
#include "support/softhsm.hpp"

namespace sealroom::testing {

// The value, or an exception with the error's text: for steps that are not what a test is about.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

inline Secret secret(std::string_view text) { return must(Secret::copy_of(as_bytes(text))); }

inline TokenUri uri(const std::string& token, const std::string& object = "key") {
  return must(TokenUri::parse("pkcs11:token=" + token + ";object=" + object + ";type=private", "test"));
}

inline Result<Token> unlock(const std::shared_ptr<Module>& module, const std::string& label,
                            std::string_view pin = SoftHsm::kPin, FinalTry final_try = FinalTry::Refuse) {
  return Token::unlock(module, uri(label), secret(pin), final_try);
}

}  // namespace sealroom::testing
