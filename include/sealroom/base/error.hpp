#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sealroom {

// ErrorKind says who must act next; its value is the exit code of the programs (docs/formats.md).
enum class ErrorKind {
  Failed = 1,       // the operator: what was asked could not be done
  Usage = 2,        // the operator: command line or configuration
  NeedsPerson = 4,  // an officer: unlock, approve, recover, confirm
  Token = 5,        // the key custodians: token absent, locked, refused or broken
  Integrity = 6,    // everyone: ledger, log or clock cannot be trusted; nothing is signed
};

// Error is why there is no value. `message` is lower case without a full stop and names file, field and rule;
// `hint` says what to do. Neither ever holds a PIN, a password or an unescaped octet from outside.
struct Error {
  ErrorKind kind = ErrorKind::Failed;
  std::string message;
  std::string hint{};

  // This error as seen from one floor up: "import: a.csr: ...".
  [[nodiscard]] Error in(std::string_view where) &&;
};

// Result<T> is a value or the Error that says why there is none.
//
// std::expected of libstdc++ 12 may be dropped in silence; deriving from it adds [[nodiscard]] and nothing else.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

// Done is the value of an action that has nothing to hand back.
struct Done {};

// Makes the failing side of any Result.
[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {});

// Passes on the error of `result`, which must have one.
template <class T>
[[nodiscard]] std::unexpected<Error> pass_on(Result<T>& result) {
  return std::unexpected<Error>(std::move(result.error()));
}

// Passes on the error of `result`, prefixed with where it happened.
template <class T>
[[nodiscard]] std::unexpected<Error> pass_on(Result<T>& result, std::string_view where) {
  return std::unexpected<Error>(std::move(result.error()).in(where));
}

}  // namespace sealroom
