#include "key_holders.hpp"

#include <fmt/format.h>

namespace sealroom::pack {

void KeyHolders::add(const PublicKey& key, const std::string& name, Findings& findings) {
  const auto [holder, first] = names_.try_emplace(key.digest(), name);
  if (first) return;
  findings.push_back(
      {"pack.key-shared", fmt::format("{}: has the same key as {}, so each could pose as the other; make "
                                      "a key and a request for each",
                                      name, holder->second)});
}

}  // namespace sealroom::pack
