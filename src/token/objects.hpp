#pragma once

#include <optional>
#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// ObjectReader finds objects and reads their attributes through one session, which is not used otherwise meanwhile.
class ObjectReader {
 public:
  // `name` names the token in errors. Valid as long as the session is.
  ObjectReader(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session, std::string name)
      : functions_(functions), session_(session), name_(std::move(name)) {}

  // Every object whose attributes are as given, at most kMaximum of them.
  static constexpr std::size_t kMaximum = 10000;
  Result<std::vector<CK_OBJECT_HANDLE>> find(CK_OBJECT_CLASS of_class, const std::optional<Bytes>& id = {}) const;
  Result<std::vector<CK_OBJECT_HANDLE>> find(std::vector<CK_ATTRIBUTE> attributes) const;

  // The value of an attribute; nothing when the object has no such attribute. Errors (Token): anything else.
  Result<std::optional<Bytes>> read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  Result<std::optional<bool>> read_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  Result<std::optional<CK_ULONG>> read_number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

  // The public key of `object`, a public key object or an RSA private key; nothing when the object does not hold one.
  // Errors (Token): what it holds is not a public key.
  Result<std::optional<PublicKey>> public_key(CK_OBJECT_HANDLE object) const;

  CK_FUNCTION_LIST* functions() const { return functions_; }
  CK_SESSION_HANDLE session() const { return session_; }
  const std::string& name() const { return name_; }

 private:
  CK_FUNCTION_LIST* functions_;
  CK_SESSION_HANDLE session_;
  std::string name_;
};

// A private key as the token lists it.
struct PrivateKeyObject {
  CK_OBJECT_HANDLE handle;
  CK_KEY_TYPE type;
  std::string label;
  Bytes id;
};

// Every private key on the token, of any type. Errors: Token.
Result<std::vector<PrivateKeyObject>> list_private_keys(const ObjectReader& objects);

// The same. Errors (Token): also when one is neither RSA nor EC, because libp11 0.4.12 then lists none of them
// (PKCS11_enumerate_keys fails with an empty error queue).
Result<std::vector<PrivateKeyObject>> list_usable_private_keys(const ObjectReader& objects);

}  // namespace sealroom
