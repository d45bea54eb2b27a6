#pragma once

#include <optional>
#include <string>

#include <openssl/bn.h>

#include "sealroom/base/deadline.hpp"

namespace sealroom {

// What arithmetic shows to be wrong with an RSA modulus, as "is even"; nothing when it shows nothing, or when
// `deadline` passed before everything was tried.
//
// Even, a factor below 752 (NIST SP 800-89 section 5.3.3), prime, a square, two primes so close that Fermat's method
// finds them in 100 rounds, or made by the flawed generator of CVE-2017-15361 (ROCA). It says nothing about
// generators whose output looks random.
std::optional<std::string> weakness_of_modulus(const BIGNUM* modulus, const Deadline& deadline);

}  // namespace sealroom
