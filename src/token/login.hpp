#pragma once

#include <memory>
#include <shared_mutex>
#include <string>

#include "libp11.hpp"
#include "module_state.hpp"
#include "objects.hpp"
#include "sealroom/crypto/owned.hpp"
#include "slots.hpp"

namespace sealroom {

// Login is one login to one token: from a C_Login to the C_Logout after it. Token closes it; keys that came from it
// keep it, closed or not, because libp11's slots must outlive their EVP_PKEYs.
class Login {
 public:
  // `session` is logged in. The caller holds state.mutex and has put the slot into state.unlocked.
  Login(std::shared_ptr<Module> module, Module::State& state, Slot slot, Session session);
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;
  ~Login();

  // Logs out and closes every session with the token, libp11's too. Waits until nobody uses the gate.
  void close();

  const Slot& slot() const { return slot_; }
  std::string name() const { return name_of(slot_.info); }

  // Signing holds the gate shared; whatever uses the session, or libp11's list of keys, holds it alone.
  std::shared_mutex& gate() { return gate_; }

  // What follows needs the gate.
  // Errors (Token): closed.
  Result<Done> check_open() const;
  // Errors (Token): closed, or the token no longer has us as its user.
  Result<Done> check() const;
  ObjectReader objects() const { return {state_.functions, session_.handle(), name()}; }
  CK_FUNCTION_LIST* functions() const { return state_.functions; }

  // How many threads may sign at once: one where the module does not lock; else one for each session that the token
  // allows beside our own, as far as libp11's pool goes. Where other programs have taken some, libp11 waits for its own.
  unsigned threads() const;

  // libp11's key with this CKA_ID and CKA_LABEL; see Libp11Slots::private_key.
  Result<OwnedPkey> private_key(const Bytes& id, const std::string& label);

 private:
  std::shared_ptr<Module> module_;  // first in, last out
  Module::State& state_;
  Slot slot_;
  Session session_;
  Libp11Slots slots_;
  bool open_ = true;
  std::shared_mutex gate_;
};

}  // namespace sealroom
