#include "answers.hpp"

#include <fmt/format.h>

namespace sealroom {
namespace {

struct Answer {
  CK_RV code;
  const char* name;
  const char* meaning;
  const char* hint = "";
};

constexpr auto kAgain = "check the token and its connection, lock it and unlock it again";
constexpr auto kUnlock = "unlock the token and repeat";
constexpr auto kCapacity = "close other programs that use the token, or raise its limits";

#define SEALROOM_ANSWER(name) name, #name

// PKCS#11 v2.40 section 5.1.6, the answers that the functions used here may give.
constexpr Answer kAnswers[] = {
    {SEALROOM_ANSWER(CKR_OK), "done"},
    {SEALROOM_ANSWER(CKR_CANCEL), "cancelled"},
    {SEALROOM_ANSWER(CKR_HOST_MEMORY), "no memory on this machine"},
    {SEALROOM_ANSWER(CKR_SLOT_ID_INVALID), "the slot is gone", kAgain},
    {SEALROOM_ANSWER(CKR_GENERAL_ERROR), "general error of the module", kAgain},
    {SEALROOM_ANSWER(CKR_FUNCTION_FAILED), "the function failed", kAgain},
    {SEALROOM_ANSWER(CKR_ARGUMENTS_BAD), "the module calls the arguments bad"},
    {SEALROOM_ANSWER(CKR_CANT_LOCK), "the module cannot lock as threads need"},
    {SEALROOM_ANSWER(CKR_ATTRIBUTE_READ_ONLY), "the attribute cannot be changed"},
    {SEALROOM_ANSWER(CKR_ATTRIBUTE_SENSITIVE), "the attribute is sensitive"},
    {SEALROOM_ANSWER(CKR_ATTRIBUTE_TYPE_INVALID), "there is no such attribute"},
    {SEALROOM_ANSWER(CKR_ATTRIBUTE_VALUE_INVALID), "the attribute's value is refused"},
    {SEALROOM_ANSWER(CKR_ACTION_PROHIBITED), "the key's own rules forbid it"},
    {SEALROOM_ANSWER(CKR_DATA_INVALID), "the data are refused"},
    {SEALROOM_ANSWER(CKR_DATA_LEN_RANGE), "the data have a wrong length"},
    {SEALROOM_ANSWER(CKR_DEVICE_ERROR), "the device reports an error", kAgain},
    {SEALROOM_ANSWER(CKR_DEVICE_MEMORY), "the device is out of memory", kCapacity},
    {SEALROOM_ANSWER(CKR_DEVICE_REMOVED), "the device was removed", kAgain},
    {SEALROOM_ANSWER(CKR_FUNCTION_CANCELED), "cancelled at the device"},
    {SEALROOM_ANSWER(CKR_FUNCTION_NOT_SUPPORTED), "the module does not support it"},
    {SEALROOM_ANSWER(CKR_KEY_HANDLE_INVALID), "the key is gone", kUnlock},
    {SEALROOM_ANSWER(CKR_KEY_SIZE_RANGE), "the key size is not supported"},
    {SEALROOM_ANSWER(CKR_KEY_TYPE_INCONSISTENT), "the key has the wrong type"},
    {SEALROOM_ANSWER(CKR_KEY_FUNCTION_NOT_PERMITTED), "the key is not for this use"},
    {SEALROOM_ANSWER(CKR_KEY_NOT_WRAPPABLE), "the key cannot be wrapped"},
    {SEALROOM_ANSWER(CKR_KEY_UNEXTRACTABLE), "the key cannot be extracted"},
    {SEALROOM_ANSWER(CKR_MECHANISM_INVALID), "the mechanism is not supported, or not for this key"},
    {SEALROOM_ANSWER(CKR_MECHANISM_PARAM_INVALID), "the mechanism's parameter is refused"},
    {SEALROOM_ANSWER(CKR_OBJECT_HANDLE_INVALID), "the object is gone", kUnlock},
    {SEALROOM_ANSWER(CKR_OPERATION_ACTIVE), "another operation is active"},
    {SEALROOM_ANSWER(CKR_OPERATION_NOT_INITIALIZED), "no operation is active"},
    {SEALROOM_ANSWER(CKR_PIN_INCORRECT), "wrong PIN"},
    {SEALROOM_ANSWER(CKR_PIN_INVALID), "the PIN holds characters that the token refuses"},
    {SEALROOM_ANSWER(CKR_PIN_LEN_RANGE), "the PIN is too short or too long"},
    {SEALROOM_ANSWER(CKR_PIN_EXPIRED), "the PIN has expired", "set a new PIN with the vendor's tool"},
    {SEALROOM_ANSWER(CKR_PIN_LOCKED), "the PIN is locked", "the token's security officer must set a new PIN"},
    {SEALROOM_ANSWER(CKR_PIN_TOO_WEAK), "the token finds the PIN too weak"},
    {SEALROOM_ANSWER(CKR_SESSION_CLOSED), "the session was closed", kUnlock},
    {SEALROOM_ANSWER(CKR_SESSION_COUNT), "the token has no session left", kCapacity},
    {SEALROOM_ANSWER(CKR_SESSION_EXISTS), "a session is open"},
    {SEALROOM_ANSWER(CKR_SESSION_HANDLE_INVALID), "the session is gone", kUnlock},
    {SEALROOM_ANSWER(CKR_SESSION_READ_ONLY), "the session is read-only"},
    {SEALROOM_ANSWER(CKR_SIGNATURE_INVALID), "the signature is wrong"},
    {SEALROOM_ANSWER(CKR_TEMPLATE_INCOMPLETE), "the template is incomplete"},
    {SEALROOM_ANSWER(CKR_TEMPLATE_INCONSISTENT), "the template is refused"},
    {SEALROOM_ANSWER(CKR_TOKEN_NOT_PRESENT), "the token is not present", kAgain},
    {SEALROOM_ANSWER(CKR_TOKEN_NOT_RECOGNIZED), "the token is not recognised", kAgain},
    {SEALROOM_ANSWER(CKR_TOKEN_WRITE_PROTECTED), "the token is write-protected"},
    {SEALROOM_ANSWER(CKR_USER_ALREADY_LOGGED_IN), "the token is already unlocked in this process"},
    {SEALROOM_ANSWER(CKR_USER_NOT_LOGGED_IN), "nobody is logged in", kUnlock},
    {SEALROOM_ANSWER(CKR_USER_PIN_NOT_INITIALIZED), "the token has no user PIN yet", "set one with the vendor's tool"},
    {SEALROOM_ANSWER(CKR_USER_TYPE_INVALID), "the token does not know this kind of user"},
    {SEALROOM_ANSWER(CKR_USER_ANOTHER_ALREADY_LOGGED_IN), "another user is logged in"},
    {SEALROOM_ANSWER(CKR_USER_TOO_MANY_TYPES), "too many users are logged in"},
    {SEALROOM_ANSWER(CKR_WRAPPING_KEY_TYPE_INCONSISTENT), "the wrapping key has the wrong type"},
    {SEALROOM_ANSWER(CKR_RANDOM_NO_RNG), "the token has no random generator"},
    {SEALROOM_ANSWER(CKR_DOMAIN_PARAMS_INVALID), "the curve is not supported"},
    {SEALROOM_ANSWER(CKR_CURVE_NOT_SUPPORTED), "the curve is not supported"},
    {SEALROOM_ANSWER(CKR_BUFFER_TOO_SMALL), "the buffer is too small"},
    {SEALROOM_ANSWER(CKR_CRYPTOKI_NOT_INITIALIZED), "the module is not initialised"},
    {SEALROOM_ANSWER(CKR_CRYPTOKI_ALREADY_INITIALIZED), "the module is already initialised"},
    {SEALROOM_ANSWER(CKR_FUNCTION_REJECTED), "refused at the device"},
};

#undef SEALROOM_ANSWER

const Answer* find(CK_RV answer) {
  for (const auto& known : kAnswers) {
    if (known.code == answer) return &known;
  }
  return nullptr;
}

}  // namespace

std::string answer_name(CK_RV answer) {
  const auto* known = find(answer);
  return known != nullptr ? known->name : fmt::format("CKR 0x{:08x}", answer);
}

std::string describe(CK_RV answer) {
  const auto* known = find(answer);
  const char* meaning = known != nullptr ? known->meaning : "an answer of the vendor's own";
  return fmt::format("{} ({})", meaning, answer_name(answer));
}

std::unexpected<Error> token_failure(std::string_view what, std::string_view function, CK_RV answer) {
  const auto* known = find(answer);
  return fail(ErrorKind::Token, fmt::format("{}: {}: {}", what, function, describe(answer)),
              known != nullptr ? known->hint : "");
}

}  // namespace sealroom
