#include <algorithm>
#include <optional>

#include "answers.hpp"
#include "module_state.hpp"
#include "slots.hpp"

namespace sealroom {
namespace {

// The sizes that one mechanism does; nothing when the token does not have it.
Result<std::optional<CK_MECHANISM_INFO>> sizes_of(CK_FUNCTION_LIST* functions, const Slot& slot,
                                                  CK_MECHANISM_TYPE type) {
  CK_MECHANISM_INFO info{};
  const CK_RV answer = functions->C_GetMechanismInfo(slot.id, type, &info);
  if (answer == CKR_MECHANISM_INVALID) return std::nullopt;
  if (answer != CKR_OK) return token_failure(name_of(slot.info), "C_GetMechanismInfo", answer);
  return std::optional(info);
}

// No limit is said in two ways (PKCS#11 v2.40 section 3.2, CK_TOKEN_INFO).
unsigned long limit_of(CK_ULONG told) { return told == CK_UNAVAILABLE_INFORMATION ? CK_EFFECTIVELY_INFINITE : told; }

}  // namespace

Result<TokenAbilities> Module::abilities(const TokenUri& uri) {
  const std::lock_guard hold(state_->mutex);
  auto slot = find_slot(state_->functions, uri);
  if (!slot) return pass_on(slot);
  TokenAbilities able;
  auto make_rsa = sizes_of(state_->functions, *slot, CKM_RSA_PKCS_KEY_PAIR_GEN);
  if (!make_rsa) return pass_on(make_rsa);
  auto sign_rsa = sizes_of(state_->functions, *slot, CKM_RSA_PKCS);
  if (!sign_rsa) return pass_on(sign_rsa);
  if (*make_rsa && *sign_rsa) {
    able.rsa_least = std::max((*make_rsa)->ulMinKeySize, (*sign_rsa)->ulMinKeySize);
    able.rsa_most = std::min((*make_rsa)->ulMaxKeySize, (*sign_rsa)->ulMaxKeySize);
  }
  auto make_ec = sizes_of(state_->functions, *slot, CKM_EC_KEY_PAIR_GEN);
  if (!make_ec) return pass_on(make_ec);
  auto sign_ec = sizes_of(state_->functions, *slot, CKM_ECDSA);
  if (!sign_ec) return pass_on(sign_ec);
  const auto does_256 = [](const CK_MECHANISM_INFO& info) {
    return info.ulMinKeySize <= 256 && 256 <= info.ulMaxKeySize;
  };
  able.ec = *make_ec && *sign_ec && does_256(**make_ec) && does_256(**sign_ec);
  const auto all = limit_of(slot->raw.ulMaxSessionCount);
  const auto writing = limit_of(slot->raw.ulMaxRwSessionCount);
  able.sessions = all == 0 || writing == 0 ? std::max(all, writing) : std::min(all, writing);
  return able;
}

}  // namespace sealroom
