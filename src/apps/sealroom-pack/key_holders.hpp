#pragma once

#include <map>
#include <string>

#include "sealroom/crypto/public_key.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom::pack {

// KeyHolders knows who has which key. Of two with one key each could pose as the other.
class KeyHolders {
 public:
  // Takes `name` for a holder of `key`; adds pack.key-shared to `findings` when another has it already.
  void add(const PublicKey& key, const std::string& name, Findings& findings);

 private:
  std::map<Digest, std::string> names_;
};

}  // namespace sealroom::pack
