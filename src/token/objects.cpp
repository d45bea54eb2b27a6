#include "objects.hpp"

#include <array>

#include <fmt/format.h>

#include "answers.hpp"
#include "public_values.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// C_FindObjectsInit and C_FindObjectsFinal around a search.
class Search {
 public:
  Search(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session) : functions_(functions), session_(session) {}
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  ~Search() {
    if (begun_) functions_->C_FindObjectsFinal(session_);
  }
  CK_RV begin(std::vector<CK_ATTRIBUTE>& attributes) {
    const CK_RV answer = functions_->C_FindObjectsInit(session_, attributes.data(), attributes.size());
    begun_ = answer == CKR_OK;
    return answer;
  }

 private:
  CK_FUNCTION_LIST* functions_;
  CK_SESSION_HANDLE session_;
  bool begun_ = false;
};

}  // namespace

Result<std::vector<CK_OBJECT_HANDLE>> ObjectReader::find(CK_OBJECT_CLASS of_class,
                                                         const std::optional<Bytes>& id) const {
  std::vector<CK_ATTRIBUTE> attributes{{CKA_CLASS, &of_class, sizeof of_class}};
  if (id) attributes.push_back({CKA_ID, const_cast<std::uint8_t*>(id->data()), id->size()});
  return find(std::move(attributes));
}

Result<std::vector<CK_OBJECT_HANDLE>> ObjectReader::find(std::vector<CK_ATTRIBUTE> attributes) const {
  Search search(functions_, session_);
  CK_RV answer = search.begin(attributes);
  if (answer != CKR_OK) return token_failure(name_, "C_FindObjectsInit", answer);
  std::vector<CK_OBJECT_HANDLE> found;
  for (;;) {
    std::array<CK_OBJECT_HANDLE, 64> some{};
    CK_ULONG count = 0;
    answer = functions_->C_FindObjects(session_, some.data(), some.size(), &count);
    if (answer != CKR_OK) return token_failure(name_, "C_FindObjects", answer);
    if (count == 0) return found;
    found.insert(found.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    if (found.size() > kMaximum) {
      return fail(ErrorKind::Token, fmt::format("{}: holds more than {} objects of a kind", name_, kMaximum));
    }
  }
}

Result<std::optional<Bytes>> ObjectReader::read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  CK_RV answer = functions_->C_GetAttributeValue(session_, object, &attribute, 1);
  if (answer == CKR_ATTRIBUTE_TYPE_INVALID) return std::optional<Bytes>();
  if (answer == CKR_OK && attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) answer = CKR_GENERAL_ERROR;
  if (answer != CKR_OK) return token_failure(name_, fmt::format("attribute 0x{:x}", type), answer);
  Bytes value(attribute.ulValueLen);
  attribute.pValue = value.data();
  if (!value.empty()) answer = functions_->C_GetAttributeValue(session_, object, &attribute, 1);
  if (answer != CKR_OK) return token_failure(name_, fmt::format("attribute 0x{:x}", type), answer);
  value.resize(attribute.ulValueLen);
  return std::optional(std::move(value));
}

Result<std::optional<bool>> ObjectReader::read_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  auto value = read(object, type);
  if (!value) return pass_on(value);
  if (!*value) return std::optional<bool>();
  if ((*value)->size() != sizeof(CK_BBOOL)) {
    return fail(ErrorKind::Token, fmt::format("{}: attribute 0x{:x} is not a boolean", name_, type));
  }
  return std::optional((*value)->front() != CK_FALSE);
}

Result<std::optional<CK_ULONG>> ObjectReader::read_number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  auto value = read(object, type);
  if (!value) return pass_on(value);
  if (!*value) return std::optional<CK_ULONG>();
  CK_ULONG number = 0;
  if ((*value)->size() != sizeof number) {
    return fail(ErrorKind::Token, fmt::format("{}: attribute 0x{:x} is not a number", name_, type));
  }
  std::copy((*value)->begin(), (*value)->end(), reinterpret_cast<std::uint8_t*>(&number));
  return std::optional(number);
}

Result<std::optional<PublicKey>> ObjectReader::public_key(CK_OBJECT_HANDLE object) const {
  const auto type = read_number(object, CKA_KEY_TYPE);
  if (!type) return std::unexpected(type.error());
  const bool rsa = *type == CKK_RSA;
  if (!rsa && *type != CKK_EC) return std::optional<PublicKey>();
  auto first = read(object, rsa ? CKA_MODULUS : CKA_EC_PARAMS);
  auto second = read(object, rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT);
  if (!first) return pass_on(first);
  if (!second) return pass_on(second);
  if (!*first || !*second || (*first)->empty() || (*second)->empty()) return std::optional<PublicKey>();
  auto key = rsa ? rsa_public_key(**first, **second) : ec_public_key(**first, **second);
  if (!key) return pass_on(key, name_);
  return std::optional(std::move(*key));
}

Result<std::vector<PrivateKeyObject>> list_private_keys(const ObjectReader& objects) {
  auto handles = objects.find(CKO_PRIVATE_KEY);
  if (!handles) return pass_on(handles);
  std::vector<PrivateKeyObject> keys;
  for (const auto handle : *handles) {
    auto type = objects.read_number(handle, CKA_KEY_TYPE);
    auto label = objects.read(handle, CKA_LABEL);
    auto id = objects.read(handle, CKA_ID);
    if (!type) return pass_on(type);
    if (!label) return pass_on(label);
    if (!id) return pass_on(id);
    keys.push_back({handle, type->value_or(CK_UNAVAILABLE_INFORMATION), std::string(as_text(label->value_or(Bytes()))),
                    id->value_or(Bytes())});
  }
  return keys;
}

Result<std::vector<PrivateKeyObject>> list_usable_private_keys(const ObjectReader& objects) {
  auto keys = list_private_keys(objects);
  if (!keys) return pass_on(keys);
  for (const auto& key : *keys) {
    if (key.type == CKK_RSA || key.type == CKK_EC) continue;
    return fail(
        ErrorKind::Token,
        fmt::format("{}: private key '{}' has key type 0x{:x}{}, and libp11 then lists no key at all", objects.name(),
                    printable(key.label), key.type, key.type == CKK_EC_EDWARDS ? " (Ed25519)" : ""),
        "keep only RSA and EC keys on this token");
  }
  return keys;
}

}  // namespace sealroom
