#include "modulus.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <ranges>

#include <fmt/format.h>

#include "sealroom/crypto/owned.hpp"

namespace sealroom {
namespace {

using OwnedBnContext = Owned<BN_CTX, BN_CTX_free>;
using OwnedMontgomery = Owned<BN_MONT_CTX, BN_MONT_CTX_free>;

constexpr int kFermatRounds = 100;
constexpr int kSquaringsPerLook = 64;  // at the deadline: under 10 ms for 16384 bits

void must(int result) {
  if (result != 1) std::abort();  // memory is gone
}

OwnedBignum number() {
  OwnedBignum made(BN_new());
  if (!made) std::abort();
  return made;
}

consteval auto odd_primes() {
  std::array<unsigned, 132> primes{};
  std::size_t count = 0;
  for (unsigned candidate = 3; count < primes.size(); candidate += 2) {
    const auto divides = [&](unsigned prime) { return candidate % prime == 0; };
    if (std::none_of(primes.begin(), primes.begin() + count, divides)) primes[count++] = candidate;
  }
  return primes;
}

constexpr auto kPrimes = odd_primes();  // 3 to 751
static_assert(kPrimes.front() == 3 && kPrimes.back() == 751);

// 2^(n-1) mod n is 1 for every odd prime n; for a modulus of two large primes it is not. BN_mod_exp() knows no
// deadline; squaring and doubling is all that it does for the base 2.
bool looks_prime(const BIGNUM* n, const Deadline& deadline, BN_CTX* context) {
  const OwnedMontgomery montgomery(BN_MONT_CTX_new());
  const auto power = number();
  const auto exponent = number();
  must(montgomery && BN_MONT_CTX_set(montgomery.get(), n, context));
  must(BN_set_word(power.get(), 2) && BN_to_montgomery(power.get(), power.get(), montgomery.get(), context));
  must(BN_copy(exponent.get(), n) != nullptr && BN_sub_word(exponent.get(), 1));
  for (int bit = BN_num_bits(exponent.get()) - 2; bit >= 0; --bit) {
    if (bit % kSquaringsPerLook == 0 && deadline.passed()) return false;
    must(BN_mod_mul_montgomery(power.get(), power.get(), power.get(), montgomery.get(), context));
    if (BN_is_bit_set(exponent.get(), bit)) must(BN_mod_lshift1_quick(power.get(), power.get(), n));
  }
  must(BN_from_montgomery(power.get(), power.get(), montgomery.get(), context));
  return BN_is_one(power.get());
}

// The largest integer whose square is not above `n` (Newton's method from above).
OwnedBignum square_root(const BIGNUM* n, BN_CTX* context) {
  auto root = number();
  auto next = number();
  must(BN_set_bit(root.get(), (BN_num_bits(n) + 1) / 2));
  for (;;) {
    must(BN_div(next.get(), nullptr, n, root.get(), context));
    must(BN_add(next.get(), next.get(), root.get()));
    must(BN_rshift1(next.get(), next.get()));
    if (BN_cmp(next.get(), root.get()) >= 0) return root;
    root.swap(next);
  }
}

bool is_square(const BIGNUM* n, BN_CTX* context) {
  // Most numbers are told apart by a remainder, which is a hundred times faster than a root.
  for (const BN_ULONG modulus : {64u, 63u, 65u}) {
    const BN_ULONG remainder = BN_mod_word(n, modulus);
    bool residue = false;
    for (BN_ULONG x = 0; x < modulus && !residue; ++x) residue = x * x % modulus == remainder;
    if (!residue) return false;
  }
  const auto root = square_root(n, context);
  const auto square = number();
  must(BN_sqr(square.get(), root.get(), context));
  return BN_cmp(square.get(), n) == 0;
}

// n = a^2 - b^2 = (a - b)(a + b): finds two factors that lie close to the square root.
bool factors_are_close(const BIGNUM* n, const Deadline& deadline, BN_CTX* context) {
  auto a = square_root(n, context);
  const auto difference = number();
  for (int round = 0; round < kFermatRounds && !deadline.passed(); ++round) {
    must(BN_add_word(a.get(), 1));
    must(BN_sqr(difference.get(), a.get(), context));
    must(BN_sub(difference.get(), difference.get(), n));
    if (is_square(difference.get(), context)) return true;
  }
  return false;
}

// Nemec et al., "The Return of Coppersmith's Attack" (2017), section 4.1: primes of the flawed generator are
// k * M + (65537^a mod M) with M a primorial, so the modulus is a power of 65537 for each small prime.
bool has_roca_fingerprint(const BIGNUM* n) {
  for (const unsigned prime : kPrimes | std::views::take_while([](unsigned p) { return p < 168; })) {
    const auto remainder = static_cast<unsigned>(BN_mod_word(n, prime));
    unsigned power = 1;
    bool found = false;
    for (unsigned exponent = 0; exponent < prime && !found; ++exponent) {
      found = power == remainder;
      power = power * (65537 % prime) % prime;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> weakness_of_modulus(const BIGNUM* modulus, const Deadline& deadline) {
  if (!BN_is_odd(modulus)) return "is even";
  for (const unsigned prime : kPrimes) {
    if (BN_mod_word(modulus, prime) == 0) return fmt::format("is divisible by {}", prime);
  }
  const OwnedBnContext context(BN_CTX_new());
  if (!context) std::abort();
  if (has_roca_fingerprint(modulus)) return "comes from the flawed generator of CVE-2017-15361 (ROCA)";
  if (is_square(modulus, context.get())) return "is a square";
  if (factors_are_close(modulus, deadline, context.get())) {
    return "is the product of two primes that lie close together";
  }
  if (looks_prime(modulus, deadline, context.get())) return "is a prime number";
  return std::nullopt;
}

}  // namespace sealroom
