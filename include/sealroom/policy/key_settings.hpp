#pragma once

#include <cstdint>
#include <memory>

#include "sealroom/policy/weak_key_list.hpp"

namespace sealroom {

enum class Ed25519Keys { Refuse, Allow };

// Which public keys a request may carry, as far as an appliance can choose (sealroom.yaml, keys).
struct KeySettings {
  std::uint64_t least_rsa_exponent = 65'537;
  unsigned largest_rsa_bits = 8'192;
  Ed25519Keys ed25519 = Ed25519Keys::Refuse;
  std::shared_ptr<const WeakKeyList> debian_weak_keys;  // null without a list
};

}  // namespace sealroom
