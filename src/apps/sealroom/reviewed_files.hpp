#pragma once

#include <string_view>

namespace sealroom::cli {

// The octets of ceremony/NAME as they were when this program was built; empty for a name that was not embedded.
std::string_view reviewed_file(std::string_view name);

}  // namespace sealroom::cli
