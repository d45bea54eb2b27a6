#include "login.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "answers.hpp"

namespace sealroom {

Login::Login(std::shared_ptr<Module> module, Module::State& state, Slot slot, Session session)
    : module_(std::move(module)), state_(state), slot_(std::move(slot)), session_(std::move(session)) {}

Login::~Login() {
  close();
  const std::lock_guard hold(state_.mutex);
  if (slots_) state_.retired.push_back(std::move(slots_));
  state_.release_retired();
}

void Login::close() {
  const std::unique_lock alone(gate_);
  if (!std::exchange(open_, false)) return;
  state_.functions->C_Logout(session_.handle());
  // libp11 never closes the sessions of its pool by itself; they would pile up with every unlocking.
  state_.functions->C_CloseAllSessions(slot_.id);
  session_.forget();
  const std::lock_guard hold(state_.mutex);
  state_.unlocked.erase(slot_.id);
  state_.release_retired();
}

Result<Done> Login::check_open() const {
  if (open_) return Done{};
  return fail(ErrorKind::Token, fmt::format("{}: is locked", name()), "unlock it and repeat");
}

Result<Done> Login::check() const {
  if (auto opened = check_open(); !opened) return opened;
  CK_SESSION_INFO info{};
  const CK_RV answer = state_.functions->C_GetSessionInfo(session_.handle(), &info);
  if (answer != CKR_OK) return token_failure(name(), "C_GetSessionInfo", answer);
  if (info.state == CKS_RW_USER_FUNCTIONS) return Done{};
  return fail(ErrorKind::Token, fmt::format("{}: has logged us out", name()), "lock it and unlock it again");
}

unsigned Login::threads() const {
  constexpr CK_ULONG kPool = 16;  // max_sessions of libp11 0.4.12, p11_slot.c
  if (!state_.locks) return 1;
  const auto most = slot_.raw.ulMaxSessionCount;
  if (most == CK_EFFECTIVELY_INFINITE || most == CK_UNAVAILABLE_INFORMATION) return kPool;
  return static_cast<unsigned>(std::clamp<CK_ULONG>(most - 1, 1, kPool));
}

Result<OwnedPkey> Login::private_key(const Bytes& id, const std::string& label) {
  if (!slots_) {
    // A list of its own for every login: libp11 recognises a key it has seen by its object handle, and after a new
    // login the same handle may be another key.
    auto listed = Libp11Slots::list(state_.context, state_.functions);
    if (!listed) return pass_on(listed);
    slots_ = std::move(*listed);
  }
  return slots_.private_key(state_.functions, slot_, id, label);
}

}  // namespace sealroom
