// expected: no matching function for call to 'std::vector<sealroom::JksTrust>::push_back\(
#include "sealroom/keystore/jks.hpp"

using namespace sealroom;

void add(JksTruststore& trusted, JksKeystore& own, JksKey key) {
#ifdef SHOULD_NOT_COMPILE
  (void)own;
  trusted.entries.push_back(std::move(key));
#else
  (void)trusted;
  own.keys.push_back(std::move(key));
#endif
}
