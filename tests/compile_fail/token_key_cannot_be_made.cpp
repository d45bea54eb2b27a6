// expected: TokenKey::TokenKey\(.*\).* is private within this context
#include "sealroom/token/token.hpp"

using namespace sealroom;

struct TokenKey::State {};

Result<TokenKey> key(const Token& token, const TokenUri& uri, const PublicKey& expected) {
#ifdef SHOULD_NOT_COMPILE
  (void)token;
  (void)uri;
  (void)expected;
  return TokenKey(nullptr);
#else
  return token.key(uri, expected);
#endif
}
