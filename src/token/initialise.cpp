#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "answers.hpp"
#include "module_state.hpp"
#include "sealroom/base/text.hpp"
#include "slots.hpp"

namespace sealroom {
namespace {

using Label = std::array<CK_UTF8CHAR, 32>;

CK_UTF8CHAR_PTR octets_of(const Secret& pin) { return const_cast<CK_UTF8CHAR_PTR>(pin.view().data()); }

bool has_label(const Slot& slot, const Label& label) {
  return slot.info.initialised && std::ranges::equal(slot.raw.label, label);
}

Result<Done> set_user_pin(CK_FUNCTION_LIST* functions, const Slot& slot, const Secret& so_pin, const Secret& pin) {
  auto session = Session::open(functions, slot, SessionMode::Write);
  if (!session) return pass_on(session);
  CK_RV answer = functions->C_Login(session->handle(), CKU_SO, octets_of(so_pin), so_pin.size());
  if (answer != CKR_OK) return token_failure(name_of(slot.info), "C_Login of the security officer", answer);
  answer = functions->C_InitPIN(session->handle(), octets_of(pin), pin.size());
  functions->C_Logout(session->handle());
  if (answer != CKR_OK) return token_failure(name_of(slot.info), "C_InitPIN", answer);
  return Done{};
}

}  // namespace

Result<Done> Module::initialise_token(const std::string& label, const Secret& so_pin, const Secret& pin) {
  Label padded;
  if (label.empty() || label.size() > padded.size()) {
    return fail(ErrorKind::Usage, fmt::format("token label '{}' is not 1 to 32 octets long", printable(label)));
  }
  padded.fill(' ');
  std::ranges::copy(label, padded.begin());

  const std::lock_guard hold(state_->mutex);
  auto slots = list_slots(state_->functions);
  if (!slots) return pass_on(slots);
  const auto taken = std::ranges::find_if(*slots, [&](const Slot& slot) { return has_label(slot, padded); });
  if (taken != slots->end()) {
    return fail(ErrorKind::Token, fmt::format("{}: exists already", name_of(taken->info)), "choose another label");
  }
  const auto free = std::ranges::find_if(*slots, [](const Slot& slot) { return !slot.info.initialised; });
  if (free == slots->end()) {
    return fail(ErrorKind::Token, fmt::format("token '{}': no slot is free for it", printable(label)));
  }
  const CK_RV answer = state_->functions->C_InitToken(free->id, octets_of(so_pin), so_pin.size(), padded.data());
  if (answer != CKR_OK) return token_failure(fmt::format("token '{}'", printable(label)), "C_InitToken", answer);

  // SoftHSM gives the slot another number now, at the next list.
  slots = list_slots(state_->functions);
  if (!slots) return pass_on(slots);
  const auto made = std::ranges::find_if(*slots, [&](const Slot& slot) { return has_label(slot, padded); });
  if (made == slots->end()) {
    return fail(ErrorKind::Token, fmt::format("token '{}': was initialised and is not there", printable(label)));
  }
  return set_user_pin(state_->functions, *made, so_pin, pin);
}

}  // namespace sealroom
