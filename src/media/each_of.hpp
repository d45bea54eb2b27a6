#pragma once

#include <cstddef>
#include <functional>

#include "sealroom/base/error.hpp"

namespace sealroom {

// Does `work` for each number below `count`, several at a time, for a medium answers one after the other slowly. `work` may
// be called by several threads at once. The error, if any, is that of the lowest number that failed; what is above it
// may have been left out.
Result<Done> each_of(std::size_t count, const std::function<Result<Done>(std::size_t)>& work);

}  // namespace sealroom
