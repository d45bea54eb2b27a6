#pragma once

#include <dlfcn.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include "support/softhsm.hpp"

namespace sealroom::testing {

// RawToken talks PKCS#11 to a token behind the back of the code under test: to make what it must refuse, and to see
// what it left. With another user of the module in this process it shares the login; alone, it initialises the module.
class RawToken {
 public:
  explicit RawToken(std::string_view label, const std::string& module = SoftHsm::module(),
                    const std::string& pin = SoftHsm::kPin) {
    library_ = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library_, "C_GetFunctionList"));
    need(get(&functions_), "C_GetFunctionList");
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV answer = functions_->C_Initialize(&arguments);
    alone_ = answer == CKR_OK;
    if (answer != CKR_CRYPTOKI_ALREADY_INITIALIZED) need(answer, "C_Initialize");
    open(label, pin);
  }
  RawToken(const RawToken&) = delete;
  RawToken& operator=(const RawToken&) = delete;
  ~RawToken() {
    functions_->C_CloseSession(session_);
    if (alone_) functions_->C_Finalize(nullptr);
    dlclose(library_);
  }

  CK_FUNCTION_LIST* operator->() const { return functions_; }
  CK_SESSION_HANDLE session() const { return session_; }
  CK_SLOT_ID slot() const { return slot_; }

  // How many objects of a class there are with this label; every label when it is empty.
  std::size_t count(CK_OBJECT_CLASS of_class, std::string_view label = {}) const {
    std::vector<CK_ATTRIBUTE> wanted{{CKA_CLASS, &of_class, sizeof of_class}};
    if (!label.empty()) wanted.push_back({CKA_LABEL, const_cast<char*>(label.data()), label.size()});
    need(functions_->C_FindObjectsInit(session_, wanted.data(), wanted.size()), "C_FindObjectsInit");
    std::vector<CK_OBJECT_HANDLE> found(100);
    CK_ULONG size = 0;
    need(functions_->C_FindObjects(session_, found.data(), found.size(), &size), "C_FindObjects");
    functions_->C_FindObjectsFinal(session_);
    return size;
  }

  static void need(CK_RV answer, const std::string& what) {
    if (answer != CKR_OK) throw std::runtime_error(what + " answered " + std::to_string(answer));
  }

 private:
  void open(std::string_view label, std::string pin) {
    std::vector<CK_SLOT_ID> slots(32);
    CK_ULONG size = slots.size();
    need(functions_->C_GetSlotList(CK_TRUE, slots.data(), &size), "C_GetSlotList");
    slots.resize(size);
    for (const auto slot : slots) {
      CK_TOKEN_INFO info{};
      need(functions_->C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
      const std::string_view name(reinterpret_cast<const char*>(info.label), sizeof info.label);
      if (!name.starts_with(std::string(label) + ' ')) continue;
      slot_ = slot;
      need(functions_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_),
           "C_OpenSession");
      const CK_RV answer =
          functions_->C_Login(session_, CKU_USER, reinterpret_cast<CK_UTF8CHAR_PTR>(pin.data()), pin.size());
      if (answer != CKR_USER_ALREADY_LOGGED_IN) need(answer, "C_Login");
      return;
    }
    throw std::runtime_error("no token " + std::string(label));
  }

  void* library_ = nullptr;
  CK_FUNCTION_LIST* functions_ = nullptr;
  bool alone_ = false;
  CK_SLOT_ID slot_ = 0;
  CK_SESSION_HANDLE session_ = 0;
};

// What a raw key pair is to be like; the defaults are those of the strict template as far as they are here.
struct RawKey {
  std::string label = "key";
  std::vector<CK_BYTE> id{1};
  CK_MECHANISM_TYPE mechanism = CKM_EC_KEY_PAIR_GEN;
  std::vector<CK_BYTE> curve{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};  // P-256
  bool sensitive = true;
  bool extractable = false;
  bool sign = true;
  bool decrypt = false;
  bool derive = false;
  bool modifiable = false;
  bool always_authenticate = false;
  bool destroyable = true;
};

// Generates it and returns the handles (public, private).
inline std::pair<CK_OBJECT_HANDLE, CK_OBJECT_HANDLE> make_raw_key(const RawToken& token, RawKey key) {
  CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  const auto flag = [&](CK_ATTRIBUTE_TYPE type, bool value) {
    return CK_ATTRIBUTE{type, value ? &yes : &no, sizeof yes};
  };
  const CK_ATTRIBUTE label{CKA_LABEL, key.label.data(), key.label.size()};
  const CK_ATTRIBUTE id{CKA_ID, key.id.data(), key.id.size()};
  CK_ULONG bits = 2048;
  CK_BYTE exponent[] = {1, 0, 1};
  std::vector<CK_ATTRIBUTE> publics{flag(CKA_TOKEN, true), flag(CKA_PRIVATE, false), label, id};
  if (key.mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN) {
    publics.push_back({CKA_MODULUS_BITS, &bits, sizeof bits});
    publics.push_back({CKA_PUBLIC_EXPONENT, exponent, sizeof exponent});
  } else {
    publics.push_back({CKA_EC_PARAMS, key.curve.data(), key.curve.size()});
  }
  std::vector<CK_ATTRIBUTE> privates{label,
                                     id,
                                     flag(CKA_TOKEN, true),
                                     flag(CKA_PRIVATE, true),
                                     flag(CKA_SENSITIVE, key.sensitive),
                                     flag(CKA_EXTRACTABLE, key.extractable),
                                     flag(CKA_SIGN, key.sign),
                                     flag(CKA_SIGN_RECOVER, false),
                                     flag(CKA_DECRYPT, key.decrypt),
                                     flag(CKA_UNWRAP, false),
                                     flag(CKA_DERIVE, key.derive),
                                     flag(CKA_MODIFIABLE, key.modifiable),
                                     flag(CKA_ALWAYS_AUTHENTICATE, key.always_authenticate),
                                     flag(CKA_DESTROYABLE, key.destroyable)};
  CK_MECHANISM mechanism{key.mechanism, nullptr, 0};
  std::pair<CK_OBJECT_HANDLE, CK_OBJECT_HANDLE> made;
  RawToken::need(token->C_GenerateKeyPair(token.session(), &mechanism, publics.data(), publics.size(), privates.data(),
                                          privates.size(), &made.first, &made.second),
                 "C_GenerateKeyPair");
  return made;
}

// Puts `key` (EC P-256) on the token by C_CreateObject, as a restored backup is there: with a history that the token
// cannot know.
enum class Halves { Both, PrivateOnly };
inline void import_raw_key(const RawToken& token, EVP_PKEY* key, RawKey raw, Halves halves = Halves::Both) {
  CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  const auto flag = [&](CK_ATTRIBUTE_TYPE type, bool value) {
    return CK_ATTRIBUTE{type, value ? &yes : &no, sizeof yes};
  };
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number);
  std::vector<CK_BYTE> value(32);
  BN_bn2binpad(number, value.data(), static_cast<int>(value.size()));
  BN_clear_free(number);
  std::vector<CK_BYTE> point{0x04, 65};  // OCTET STRING
  point.resize(67);
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data() + 2, 65, &size);
  CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY;
  CK_KEY_TYPE type = CKK_EC;
  const CK_ATTRIBUTE label{CKA_LABEL, raw.label.data(), raw.label.size()};
  const CK_ATTRIBUTE id{CKA_ID, raw.id.data(), raw.id.size()};
  const CK_ATTRIBUTE curve{CKA_EC_PARAMS, raw.curve.data(), raw.curve.size()};
  std::vector<CK_ATTRIBUTE> privates{{CKA_CLASS, &private_class, sizeof private_class},
                                     {CKA_KEY_TYPE, &type, sizeof type},
                                     {CKA_VALUE, value.data(), value.size()},
                                     curve,
                                     label,
                                     id,
                                     flag(CKA_TOKEN, true),
                                     flag(CKA_PRIVATE, true),
                                     flag(CKA_SENSITIVE, raw.sensitive),
                                     flag(CKA_EXTRACTABLE, raw.extractable),
                                     flag(CKA_SIGN, raw.sign),
                                     flag(CKA_SIGN_RECOVER, false),
                                     flag(CKA_DECRYPT, raw.decrypt),
                                     flag(CKA_UNWRAP, false),
                                     flag(CKA_DERIVE, raw.derive),
                                     flag(CKA_MODIFIABLE, raw.modifiable),
                                     flag(CKA_DESTROYABLE, raw.destroyable)};
  CK_OBJECT_HANDLE made = 0;
  RawToken::need(token->C_CreateObject(token.session(), privates.data(), privates.size(), &made), "C_CreateObject");
  if (halves == Halves::PrivateOnly) return;
  std::vector<CK_ATTRIBUTE> publics{{CKA_CLASS, &public_class, sizeof public_class},
                                    {CKA_KEY_TYPE, &type, sizeof type},
                                    {CKA_EC_POINT, point.data(), point.size()},
                                    curve,
                                    label,
                                    id,
                                    flag(CKA_TOKEN, true),
                                    flag(CKA_PRIVATE, false),
                                    flag(CKA_VERIFY, true)};
  RawToken::need(token->C_CreateObject(token.session(), publics.data(), publics.size(), &made), "C_CreateObject");
}

// Puts a private data object on the token.
inline void make_raw_data(const RawToken& token, std::string application, std::string label, std::string value) {
  CK_BBOOL yes = CK_TRUE;
  CK_OBJECT_CLASS data = CKO_DATA;
  CK_ATTRIBUTE attributes[] = {
      {CKA_CLASS, &data, sizeof data},         {CKA_TOKEN, &yes, sizeof yes},
      {CKA_PRIVATE, &yes, sizeof yes},         {CKA_APPLICATION, application.data(), application.size()},
      {CKA_LABEL, label.data(), label.size()}, {CKA_VALUE, value.data(), value.size()}};
  CK_OBJECT_HANDLE made = 0;
  RawToken::need(token->C_CreateObject(token.session(), attributes, std::size(attributes), &made), "C_CreateObject");
}

// Generates an Ed25519 pair: what libp11 0.4.12 cannot list.
inline void make_raw_ed25519_key(const RawToken& token, const std::string& label) {
  RawKey key{.label = label, .id = {0xed}};
  key.mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN;
  key.curve = {0x06, 0x03, 0x2b, 0x65, 0x70};  // RFC 8410 section 3
  make_raw_key(token, key);
}

}  // namespace sealroom::testing
