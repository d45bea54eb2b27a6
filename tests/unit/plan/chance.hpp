#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace sealroom::testing {

// Chance decides everything that a random test leaves open. The same seed decides the same again for the same purpose.
class Chance {
 public:
  Chance(unsigned seed, const std::string& purpose) {
    std::vector<unsigned> all(purpose.begin(), purpose.end());
    all.push_back(seed);
    std::seed_seq mixed(all.begin(), all.end());
    random_.seed(mixed);
  }

  std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  bool coin() { return number(2) == 0; }
  bool one_in(std::size_t n) { return number(n) == 0; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[number(from.size())];
  }

  template <class T>
  void shuffle(std::vector<T>& all) {
    std::ranges::shuffle(all, random_);
  }

  // Some of `from`, which is not empty: at least one, in any order.
  template <class T>
  std::vector<T> some(std::vector<T> from) {
    shuffle(from);
    from.resize(1 + number(from.size()));
    return from;
  }

 private:
  std::mt19937 random_;
};

// SEALROOM_PARITY_SEED where it is set; a fixed number otherwise, so that a failure is everybody's failure.
inline unsigned parity_seed() {
  const char* text = std::getenv("SEALROOM_PARITY_SEED");
  return text != nullptr ? static_cast<unsigned>(std::stoul(text)) : 20260601;
}

}  // namespace sealroom::testing
