#pragma once

#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

#include "sealroom/token/token.hpp"

namespace sealroom {

// A slot with a token in it, as the module describes it now.
struct Slot {
  CK_SLOT_ID id;
  CK_TOKEN_INFO raw;
  TokenInfo info;
};

// How messages name a token: "token 'sealroom-root' (serial 0af1)".
std::string name_of(const TokenInfo& token);

// Every slot that has a token, initialised or not; lists anew, so it sees tokens that came or were renumbered.
// Errors (Token): the module refused. One token that cannot be described fails the whole list, because it might be
// the second one that matches a name.
Result<std::vector<Slot>> list_slots(CK_FUNCTION_LIST* functions);

// The one initialised token that `uri` names. Errors (Token): none, or several (their serials are named).
Result<Slot> find_slot(CK_FUNCTION_LIST* functions, const TokenUri& uri);

enum class SessionMode : CK_FLAGS {
  Read = CKF_SERIAL_SESSION,
  Write = CKF_SERIAL_SESSION | CKF_RW_SESSION,
};

// Session is a session of our own with a token (never one of libp11's pool), closed when it goes.
class Session {
 public:
  static Result<Session> open(CK_FUNCTION_LIST* functions, const Slot& slot, SessionMode mode);

  Session(Session&& other) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session();

  CK_SESSION_HANDLE handle() const { return handle_; }

  // The session was closed by other means; it is not closed again.
  void forget() { functions_ = nullptr; }

 private:
  Session(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE handle) : functions_(functions), handle_(handle) {}
  CK_FUNCTION_LIST* functions_;
  CK_SESSION_HANDLE handle_;
};

}  // namespace sealroom
