#include "libp11.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>

#include "answers.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {

std::string libp11_errors() {
  std::string answers;  // of the module
  std::string others;   // of OpenSSL, which also tells of engines that nobody asked for
  while (const unsigned long code = ERR_get_error()) {
    const bool of_module = ERR_GET_LIB(code) == ERR_get_CKR_code();
    const char* reason = ERR_reason_error_string(code);
    auto& texts = of_module ? answers : others;
    if (!texts.empty()) texts += "; ";
    if (of_module) {
      texts += describe(static_cast<CK_RV>(ERR_GET_REASON(code)));
    } else {
      texts += reason != nullptr ? printable(reason) : fmt::format("error {:x}", code);
    }
  }
  if (!answers.empty()) return answers;
  return others.empty() ? "no reason given" : others;
}

void Libp11Context::unload() {
  if (context_ == nullptr) return;
  if (std::exchange(loaded_, false)) PKCS11_CTX_unload(context_);
  PKCS11_CTX_free(std::exchange(context_, nullptr));
}

Result<Done> Libp11Context::load(const std::string& path) {
  context_ = PKCS11_CTX_new();
  if (context_ == nullptr || PKCS11_CTX_load(context_, path.c_str()) != 0) {
    return fail(ErrorKind::Token, fmt::format("{}: libp11 cannot use it: {}", printable(path), libp11_errors()));
  }
  loaded_ = true;
  return Done{};
}

Result<Libp11Slots> Libp11Slots::list(const Libp11Context& context, CK_FUNCTION_LIST* functions) {
  // When libp11 fails half-way through its list it frees the first half, which closes the sessions with those tokens;
  // so what it is about to ask is asked here first.
  if (auto slots = list_slots(functions); !slots) return pass_on(slots);
  Libp11Slots made;
  made.context_ = context.get();
  if (PKCS11_enumerate_slots(made.context_, &made.slots_, &made.count_) != 0) {
    made.slots_ = nullptr;
    return fail(ErrorKind::Token, fmt::format("module: slots cannot be listed: {}", libp11_errors()));
  }
  return made;
}

Libp11Slots::Libp11Slots(Libp11Slots&& other) noexcept
    : context_(other.context_), slots_(std::exchange(other.slots_, nullptr)), count_(other.count_) {}

Libp11Slots& Libp11Slots::operator=(Libp11Slots&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(slots_, other.slots_);
  std::swap(count_, other.count_);
  return *this;
}

Libp11Slots::~Libp11Slots() {
  if (slots_ != nullptr) PKCS11_release_all_slots(context_, slots_, count_);
}

Result<OwnedPkey> Libp11Slots::private_key(CK_FUNCTION_LIST* functions, const Slot& slot, const Bytes& id,
                                           const std::string& label) const {
  // pkcs11_get_session of 0.4.12 waits for ever when C_OpenSession fails and its pool is empty. The pool keeps the
  // session that it opens below, so this is the only place where that could happen.
  if (auto probe = Session::open(functions, slot, SessionMode::Read); !probe) return pass_on(probe);

  const auto end = slots_ + count_;
  const auto mine = std::find_if(slots_, end, [&](PKCS11_SLOT& each) {
    return PKCS11_get_slotid_from_slot(&each) == slot.id && each.token != nullptr && each.token->initialized != 0;
  });
  if (mine == end) return fail(ErrorKind::Token, fmt::format("{}: libp11 does not see it", name_of(slot.info)));

  PKCS11_KEY* keys = nullptr;
  unsigned count = 0;
  if (PKCS11_enumerate_keys(mine->token, &keys, &count) != 0) {
    return fail(ErrorKind::Token, fmt::format("{}: keys cannot be listed: {}", name_of(slot.info), libp11_errors()));
  }
  // The list only grows; a key that was destroyed stays in it, so the newest match is the one that exists.
  for (auto* key = keys + count; key-- != keys;) {
    if (!equal(id, ByteView(key->id, key->id_len)) || label != (key->label != nullptr ? key->label : "")) continue;
    OwnedPkey made(PKCS11_get_private_key(key));
    if (made) return made;
    return fail(ErrorKind::Token,
                fmt::format("{}: key '{}' cannot be used: {}", name_of(slot.info), printable(label), libp11_errors()));
  }
  return fail(ErrorKind::Token, fmt::format("{}: libp11 does not see key '{}'", name_of(slot.info), printable(label)));
}

}  // namespace sealroom
