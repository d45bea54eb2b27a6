#pragma once

#include <string>

#include <libp11.h>
#include <p11-kit/pkcs11.h>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/owned.hpp"
#include "slots.hpp"

// The whole of what is asked of libp11: load the module, list slots, hand out an EVP_PKEY that signs.
//
// Of libp11 0.4.12 these are never called, for these reasons:
//   PKCS11_login              keeps a copy of the PIN; "succeeds" with a wrong one while somebody is logged in
//   PKCS11_open_session       closes every session with the token, ours too, when the mode differs from its last
//   PKCS11_update_slots       reads past the list it was given when there are two slots or more
//   PKCS11_find_token         returns "the best" token, not the one that was asked for
//   PKCS11_get_public_key     looks the key up by CKA_ID alone
//   PKCS11_generate_key       RSA only, and with a template that allows decryption and unwrapping
//   PKCS11_store_private_key  would put a private key on the token that had been outside

namespace sealroom {

// The texts in this thread's error queue, PKCS#11 answers described in our words; empties the queue.
std::string libp11_errors();

// libp11's share of a loaded module.
class Libp11Context {
 public:
  Libp11Context() = default;
  Libp11Context(const Libp11Context&) = delete;
  Libp11Context& operator=(const Libp11Context&) = delete;
  ~Libp11Context() { unload(); }

  // Loads the module at `path`, which is initialised already. Errors: Token; then the module still is.
  Result<Done> load(const std::string& path);
  // C_Finalize, and the module goes; every Libp11Slots of it must be gone.
  void unload();
  bool loaded() const { return loaded_; }
  PKCS11_CTX* get() const { return context_; }

 private:
  PKCS11_CTX* context_ = nullptr;
  bool loaded_ = false;
};

// One list of slots by PKCS11_enumerate_slots, with its own cache of keys and its own pool of sessions for each slot.
// Freeing it closes every session with every token of the module (see Module::State::release_retired), and an
// EVP_PKEY that came from it must be gone before.
class Libp11Slots {
 public:
  // `functions` are those of the module behind `context`.
  static Result<Libp11Slots> list(const Libp11Context& context, CK_FUNCTION_LIST* functions);

  Libp11Slots() = default;
  Libp11Slots(Libp11Slots&& other) noexcept;
  Libp11Slots& operator=(Libp11Slots&& other) noexcept;
  ~Libp11Slots();

  explicit operator bool() const { return slots_ != nullptr; }

  // The private key with this CKA_ID and CKA_LABEL in `slot`, which somebody has unlocked.
  // The caller has made sure that every private key there is RSA or EC: libp11 cannot list others, and then lists none.
  Result<OwnedPkey> private_key(CK_FUNCTION_LIST* functions, const Slot& slot, const Bytes& id,
                                const std::string& label) const;

 private:
  PKCS11_CTX* context_ = nullptr;
  PKCS11_SLOT* slots_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace sealroom
