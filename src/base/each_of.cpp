#include "sealroom/base/each_of.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <vector>

namespace sealroom {

Result<Done> each_of(std::size_t count, std::size_t threads, const std::function<Result<Done>(std::size_t)>& work,
                     std::size_t worth) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t failed = std::numeric_limits<std::size_t>::max();
  std::optional<Error> error;
  const auto take_some = [&] {
    for (auto index = next++; index < count; index = next++) {
      auto done = work(index);
      if (done) continue;
      const std::lock_guard guard(mutex);
      if (index < failed) error = std::move(done.error());
      failed = std::min(failed, index);
      next = count;
    }
  };
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < std::min(threads, count / worth); ++i) {
    try {
      others.push_back(std::async(std::launch::async, take_some));
    } catch (const std::system_error&) {
      break;  // no more threads are to be had; those that there are do it all
    }
  }
  take_some();
  for (auto& other : others) other.get();
  if (error) return std::unexpected(std::move(*error));
  return Done{};
}

}  // namespace sealroom
