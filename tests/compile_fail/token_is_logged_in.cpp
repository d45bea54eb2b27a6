// expected: Token::Token\(.*\).* is private within this context
#include "sealroom/token/token.hpp"

using namespace sealroom;

struct Token::State {};

Result<Token> token(const std::shared_ptr<Module>& module, const TokenUri& uri, const Secret& pin) {
#ifdef SHOULD_NOT_COMPILE
  (void)module;
  (void)uri;
  (void)pin;
  return Token(nullptr);
#else
  return Token::unlock(module, uri, pin, FinalTry::Refuse);
#endif
}
