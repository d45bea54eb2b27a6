#pragma once

#include <string>
#include <vector>

#include "sealroom/base/error.hpp"

namespace sealroom::cli {

// Runs the sealroomd that lies beside this program, which alone may open tokens and the ledger, and waits for its end.
// Gives what it wrote to standard output; its errors stand on standard error. Error: of the kind that its exit code says.
Result<std::string> run_daemon(std::vector<std::string> words);

}  // namespace sealroom::cli
