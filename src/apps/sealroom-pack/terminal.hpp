#pragma once

#include <string_view>

#include "sealroom/base/error.hpp"
#include "sealroom/base/secret.hpp"

namespace sealroom::pack {

// One line typed at the controlling terminal, without echo, straight into locked memory. Backspace takes the last
// character, Ctrl-U the line, Ctrl-C gives up. Errors (Usage): no terminal, given up, nothing typed.
Result<Secret> prompt_password(std::string_view text);

}  // namespace sealroom::pack
