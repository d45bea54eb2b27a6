#pragma once

#include <cstddef>
#include <functional>

#include "sealroom/base/error.hpp"

namespace sealroom {

// Does `work` for each number below `count`, on up to `threads` threads, the caller's among them. `work` may be called by
// several threads at once. The error, if any, is that of the lowest number that failed; what is above it may have been
// left out. A thread is worth its start for `worth` numbers and more.
Result<Done> each_of(std::size_t count, std::size_t threads, const std::function<Result<Done>(std::size_t)>& work,
                     std::size_t worth = 16);

}  // namespace sealroom
