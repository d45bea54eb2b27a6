#include "sealroom/token/token.hpp"

#include <fmt/format.h>

#include "answers.hpp"
#include "token_state.hpp"

namespace sealroom {
namespace {

Result<Done> check_pin_flags(const TokenInfo& token, FinalTry final_try) {
  if (token.pin_locked) {
    return fail(ErrorKind::Token, fmt::format("{}: the PIN is locked", name_of(token)),
                "the token's security officer must set a new PIN");
  }
  if (token.pin_final_try && final_try == FinalTry::Refuse) {
    return fail(ErrorKind::NeedsPerson, fmt::format("{}: a wrong PIN now would lock it for good", name_of(token)),
                "make sure of the PIN, then consent to the final try (`sealroom unlock` with --accept-final-try)");
  }
  return Done{};
}

// How the token's flags stand after a wrong PIN, as far as it can be asked.
std::string standing(CK_FUNCTION_LIST* functions, CK_SLOT_ID slot) {
  CK_TOKEN_INFO info{};
  if (functions->C_GetTokenInfo(slot, &info) != CKR_OK) return "";
  if ((info.flags & CKF_USER_PIN_LOCKED) != 0) return "; the PIN is now locked";
  if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) return "; one try is left before the token locks the PIN";
  if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0) return "; the token counts wrong PINs";
  return "";
}

Result<Done> log_in(CK_FUNCTION_LIST* functions, const Slot& slot, CK_SESSION_HANDLE session, const Secret& pin) {
  const auto octets = const_cast<CK_UTF8CHAR_PTR>(pin.view().data());
  const CK_RV answer = functions->C_Login(session, CKU_USER, octets, pin.size());
  if (answer == CKR_PIN_INCORRECT) {
    return fail(ErrorKind::Token,
                fmt::format("{}: {}{}", name_of(slot.info), describe(answer), standing(functions, slot.id)),
                "check the PIN before trying again");
  }
  if (answer != CKR_OK) return token_failure(name_of(slot.info), "C_Login", answer);
  CK_SESSION_INFO info{};
  const CK_RV asked = functions->C_GetSessionInfo(session, &info);
  if (asked != CKR_OK) return token_failure(name_of(slot.info), "C_GetSessionInfo", asked);
  if (info.state != CKS_RW_USER_FUNCTIONS) {
    return fail(ErrorKind::Token, fmt::format("{}: took the PIN and did not log in", name_of(slot.info)));
  }
  return Done{};
}

}  // namespace

Result<Token> Token::unlock(const std::shared_ptr<Module>& module, const TokenUri& uri, const Secret& pin,
                            FinalTry final_try) {
  auto& state = *module->state_;
  const std::lock_guard hold(state.mutex);
  auto slot = find_slot(state.functions, uri);
  if (!slot) return pass_on(slot);
  // C_Login would answer CKR_USER_ALREADY_LOGGED_IN to any PIN, right or wrong.
  if (state.unlocked.contains(slot->id)) {
    return fail(ErrorKind::Token, fmt::format("{}: is already unlocked", name_of(slot->info)),
                "lock it first to check a PIN");
  }
  // An empty PIN would be the request to take it from the token's own keypad (PKCS#11 v2.40 section 5.6, C_Login).
  if (pin.empty()) return fail(ErrorKind::Token, fmt::format("{}: no PIN was given", name_of(slot->info)));
  if (auto fit = check_pin_flags(slot->info, final_try); !fit) return pass_on(fit);
  auto session = Session::open(state.functions, *slot, SessionMode::Write);
  if (!session) return pass_on(session);
  if (auto logged_in = log_in(state.functions, *slot, session->handle(), pin); !logged_in) return pass_on(logged_in);
  state.unlocked.insert(slot->id);
  return Token(std::make_unique<State>(
      std::make_shared<Login>(module, state, std::move(*slot), std::move(*session))));
}

Token::Token(std::unique_ptr<State> state) : state_(std::move(state)) {}
Token::Token(Token&&) noexcept = default;
Token& Token::operator=(Token&&) noexcept = default;
Token::~Token() = default;

const TokenInfo& Token::info() const { return state_->login->slot().info; }

bool Token::alive() const {
  const std::shared_lock together(state_->login->gate());
  return state_->login->check().has_value();
}

Result<Bytes> Token::random(std::size_t count) const {
  auto& login = *state_->login;
  const std::unique_lock alone(login.gate());
  if (auto checked = login.check(); !checked) return pass_on(checked);
  Bytes octets(count);
  const CK_RV answer = login.functions()->C_GenerateRandom(login.objects().session(), octets.data(), octets.size());
  if (answer != CKR_OK) return token_failure(login.name(), "C_GenerateRandom", answer);
  return octets;
}

}  // namespace sealroom
