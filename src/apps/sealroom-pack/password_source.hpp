#pragma once

#include <string>
#include <string_view>

#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"

namespace sealroom::pack {

// Where a password comes from, as an option's text says it. Never the password itself.
struct PasswordSource {
  enum class Kind { Prompt, File, Descriptor, Environment, Generate };
  Kind kind = Kind::Prompt;
  std::string detail{};  // path, descriptor number or variable

  bool operator==(const PasswordSource&) const = default;
};

// Reads "prompt", "file:PATH", "fd:N", "env:NAME" or "generate:PATH"; `option` is named in the error (Usage).
Result<PasswordSource> parse_password_source(std::string_view option, std::string_view text);

// An existing password: `what` ("key password of server.key") stands in prompts and errors (Usage). A variable is
// wiped and removed from the environment. A file must be regular, not a link, the caller's or root's, and closed to
// others.
Result<Secret> read_password(const PasswordSource& source, std::string_view what);

}  // namespace sealroom::pack
