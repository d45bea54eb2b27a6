#include "sealroom/base/each_of.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace sealroom;

TEST_CASE("work is done once for each number, however many threads there are") {
  for (const std::size_t threads : {0, 1, 4}) {
    for (const std::size_t count : {0, 1, 31, 32, 1000}) {
      std::vector<std::atomic<int>> times(count);
      REQUIRE(each_of(count, threads, [&](std::size_t number) -> Result<Done> {
        ++times[number];
        return Done{};
      }));
      for (const auto& each : times) CHECK(each == 1);
    }
  }
}

TEST_CASE("one thread does work in order and on the caller's") {
  std::vector<std::size_t> order;
  std::set<std::thread::id> threads;
  REQUIRE(each_of(100, 1, [&](std::size_t number) -> Result<Done> {
    order.push_back(number);
    threads.insert(std::this_thread::get_id());
    return Done{};
  }));
  CHECK(threads == std::set{std::this_thread::get_id()});
  CHECK(std::ranges::is_sorted(order));
  CHECK(order.size() == 100);
}

TEST_CASE("of several errors the lowest number's is given, and nothing new is begun") {
  for (const std::size_t threads : {1, 4}) {
    std::atomic<std::size_t> done = 0;
    const auto outcome = each_of(100'000, threads, [&](std::size_t number) -> Result<Done> {
      ++done;
      if (number < 50) return Done{};
      return fail(ErrorKind::Failed, std::to_string(number));
    });
    REQUIRE(!outcome);
    CHECK(outcome.error().message == "50");
    CHECK(done < 100'000);
  }
}
