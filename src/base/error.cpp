#include "sealroom/base/error.hpp"

namespace sealroom {

Error Error::in(std::string_view where) && {
  message.insert(0, ": ").insert(0, where);
  return std::move(*this);
}

std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint) {
  return std::unexpected<Error>(Error{kind, std::move(message), std::move(hint)});
}

}  // namespace sealroom
