#pragma once

#include <map>

#include "sealroom/base/bytes.hpp"
#include "sealroom/x509/issuer_chain.hpp"

namespace sealroom {

class OpenBatch;

// OwnPlans is the memory of a process: which plans it made itself, so that every octet in them was judged here, and under
// which chain. It is never stored. A plan that is not in it is drafted anew before it is signed (decide_again).
class OwnPlans {
 public:
  // Whether this process made the plan with this digest, below exactly `chain`.
  bool made(const Digest& plan, const IssuerChain& chain) const {
    const auto found = chains_.find(plan);
    return found != chains_.end() && found->second == chain.digest();
  }

 private:
  friend class OpenBatch;
  void remember(const Digest& plan, const Digest& chain) { chains_[plan] = chain; }
  std::map<Digest, Digest> chains_;  // by plan
};

}  // namespace sealroom
