#pragma once

#include <string>
#include <string_view>

#include <p11-kit/pkcs11.h>

#include "sealroom/base/error.hpp"

namespace sealroom {

// The name of an answer of the module, "CKR_PIN_INCORRECT"; "CKR 0x80000001" when PKCS#11 v2.40 does not define it.
std::string answer_name(CK_RV answer);

// What an answer means and its name: "wrong PIN (CKR_PIN_INCORRECT)".
std::string describe(CK_RV answer);

// The error for `function` having answered `answer` about `what` ("token 'sealroom-root' (serial 0af1)").
std::unexpected<Error> token_failure(std::string_view what, std::string_view function, CK_RV answer);

}  // namespace sealroom
