#pragma once

#include "login.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

// Destroying it logs out, also while keys still hold the login.
struct Token::State {
  std::shared_ptr<Login> login;

  explicit State(std::shared_ptr<Login> opened) : login(std::move(opened)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { login->close(); }
};

}  // namespace sealroom
