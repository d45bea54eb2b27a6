#pragma once

#include <optional>
#include <string>

#include "password_source.hpp"

namespace sealroom::pack {

enum class WeakPasswords { Refuse, Allow };

// NewPassword is the password of something that is about to be written. Where it was generated, the file it was left in
// goes again unless keep() says that the something exists.
class NewPassword {
 public:
  // Asks twice at a terminal. Errors (Usage): the source's, not typed alike, too weak; (Failed): the file to be
  // generated exists or cannot be written.
  static Result<NewPassword> obtain(const PasswordSource& source, std::string_view what, WeakPasswords weak);

  NewPassword(NewPassword&& other) noexcept;
  NewPassword& operator=(NewPassword&&) = delete;
  ~NewPassword();

  const Secret& value() const { return value_; }
  void keep() { unkept_file_.reset(); }

 private:
  explicit NewPassword(Secret value) : value_(std::move(value)) {}
  static Result<NewPassword> generate(const std::string& path);

  Secret value_;
  std::optional<std::string> unkept_file_;
};

// Refuses (Usage) what is guessed first. Not weak is: 12 characters or more, 5 different ones or more, and 8 or more
// when every well-known word ("changeme", "password", "hivemq", "12345", ...) is taken out, in any case. Where weak
// ones are allowed, 6 characters are (keytool takes no fewer).
Result<Done> check_strength(const Secret& password, std::string_view what, WeakPasswords weak);

}  // namespace sealroom::pack
