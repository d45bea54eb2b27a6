#include "extraction.hpp"

#include <openssl/crypto.h>

#include "answers.hpp"

namespace sealroom {
namespace {

struct Named {
  CK_ULONG code;
  const char* name;
};

#define SEALROOM_NAMED(name) {name, #name}

constexpr Named kRsaValues[] = {SEALROOM_NAMED(CKA_PRIVATE_EXPONENT), SEALROOM_NAMED(CKA_PRIME_1),
                                SEALROOM_NAMED(CKA_PRIME_2),          SEALROOM_NAMED(CKA_EXPONENT_1),
                                SEALROOM_NAMED(CKA_EXPONENT_2),       SEALROOM_NAMED(CKA_COEFFICIENT)};
constexpr Named kEcValues[] = {SEALROOM_NAMED(CKA_VALUE)};
constexpr Named kWrapping[] = {SEALROOM_NAMED(CKM_AES_KEY_WRAP_PAD), SEALROOM_NAMED(CKM_AES_KEY_WRAP),
                               SEALROOM_NAMED(CKM_AES_CBC_PAD)};

#undef SEALROOM_NAMED

enum class Outcome { MustFail, Recorded };

void record(ExtractionAttempts& attempts, const std::string& attempt, CK_RV answer, Outcome outcome) {
  attempts.evidence.push_back({{"attempt", attempt}, {"answer", answer_name(answer)}});
  if (answer != CKR_OK || outcome == Outcome::Recorded) return;
  if (!attempts.complaint.empty()) attempts.complaint += ", ";
  attempts.complaint += attempt;
}

CK_RV read_value(const ObjectReader& objects, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
  Bytes buffer(8192);
  CK_ATTRIBUTE attribute{type, buffer.data(), buffer.size()};
  const CK_RV answer = objects.functions()->C_GetAttributeValue(objects.session(), key, &attribute, 1);
  OPENSSL_cleanse(buffer.data(), buffer.size());
  const bool empty = attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION || attribute.ulValueLen == 0;
  return answer == CKR_OK && empty ? CKR_ATTRIBUTE_TYPE_INVALID : answer;
}

CK_RV wrap(const ObjectReader& objects, CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type) {
  CK_BYTE vector[16] = {};
  CK_MECHANISM mechanism{type, nullptr, 0};
  if (type == CKM_AES_CBC_PAD) mechanism = {type, vector, sizeof vector};
  Bytes buffer(16384);
  CK_ULONG size = buffer.size();
  const CK_RV answer =
      objects.functions()->C_WrapKey(objects.session(), &mechanism, wrapping_key, key, buffer.data(), &size);
  OPENSSL_cleanse(buffer.data(), buffer.size());
  return answer;
}

void try_to_wrap(ExtractionAttempts& attempts, const ObjectReader& objects, CK_OBJECT_HANDLE key) {
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  CK_ULONG size = 32;
  CK_ATTRIBUTE wanted[] = {
      {CKA_TOKEN, &no, sizeof no}, {CKA_WRAP, &yes, sizeof yes}, {CKA_VALUE_LEN, &size, sizeof size}};
  CK_MECHANISM generation{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE wrapping_key = 0;
  auto* functions = objects.functions();
  const CK_RV made =
      functions->C_GenerateKey(objects.session(), &generation, wanted, std::size(wanted), &wrapping_key);
  if (made != CKR_OK) return record(attempts, "make an AES key to wrap with", made, Outcome::MustFail);
  for (const auto& each : kWrapping) {
    const auto attempt = std::string("wrap with ") + each.name;
    record(attempts, attempt, wrap(objects, wrapping_key, key, each.code), Outcome::MustFail);
  }
  functions->C_DestroyObject(objects.session(), wrapping_key);
}

CK_RV copy_key(const ObjectReader& objects, CK_OBJECT_HANDLE key, CK_ATTRIBUTE* changes, CK_ULONG count) {
  CK_OBJECT_HANDLE made = 0;
  const CK_RV answer = objects.functions()->C_CopyObject(objects.session(), key, changes, count, &made);
  if (answer == CKR_OK) objects.functions()->C_DestroyObject(objects.session(), made);
  return answer;
}

}  // namespace

ExtractionAttempts try_to_extract(const ObjectReader& objects, const PrivateKeyObject& key, Copyable copyable) {
  ExtractionAttempts attempts;
  const auto values = key.type == CKK_RSA ? std::span<const Named>(kRsaValues) : std::span<const Named>(kEcValues);
  for (const auto& each : values) {
    const auto attempt = std::string("read ") + each.name;
    record(attempts, attempt, read_value(objects, key.handle, each.code), Outcome::MustFail);
  }
  try_to_wrap(attempts, objects, key.handle);
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE extractable{CKA_EXTRACTABLE, &yes, sizeof yes};
  record(attempts, "copy as extractable", copy_key(objects, key.handle, &extractable, 1), Outcome::MustFail);
  // Not a null pointer: SoftHSM would call the arguments bad, which proves nothing.
  record(attempts, "copy", copy_key(objects, key.handle, &extractable, 0),
         copyable == Copyable::Forbidden ? Outcome::MustFail : Outcome::Recorded);
  return attempts;
}

}  // namespace sealroom
