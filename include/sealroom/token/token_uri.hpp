#pragma once

#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

namespace sealroom {

// TokenUri names a token, and a key on it, by RFC 7512: `token` and/or `serial` (and `manufacturer`, `model`), and
// for a key `object` and/or `id` with `type=private`. Slots are never named. p11-kit parses.
class TokenUri {
 public:
  // Errors (Usage): not a pkcs11 URI, bad %-encoding, an unknown attribute, `pin-value`, a slot attribute, neither
  // token nor serial, or no object and no id. `where` names the text in the message ("issuers/root.cnf:21").
  static Result<TokenUri> parse(std::string_view text, std::string_view where);

  // The same token, and on it the key with this CKA_ID whatever its label. `id` must not be empty.
  TokenUri with_id(const Bytes& id) const;

  const std::string& text() const { return text_; }
  const std::string& token() const { return token_; }  // label, "" when not given
  const std::string& serial() const { return serial_; }
  const std::string& manufacturer() const { return manufacturer_; }
  const std::string& model() const { return model_; }
  const std::string& object() const { return object_; }  // CKA_LABEL, "" when not given
  const Bytes& id() const { return id_; }                // CKA_ID, empty when not given

 private:
  TokenUri() = default;
  std::string text_, token_, serial_, manufacturer_, model_, object_;
  Bytes id_;
};

}  // namespace sealroom
