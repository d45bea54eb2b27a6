// What it costs to show that an RSA modulus is composite and none of the weak kinds (key.rsa-modulus), for scripts/bench.
//
//   modulus-cost BITS COUNT      prints milliseconds of processor time for one
#include <chrono>
#include <ctime>
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "../../src/plan/rules.hpp"
#include "support/openssl_requests.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: modulus-cost BITS COUNT\n";
    return 2;
  }
  const auto pair = sealroom::testing::make_key(std::string("rsa:") + argv[1]);
  const auto key = sealroom::PublicKey::of(pair.get()).value();
  const int count = std::stoi(argv[2]);
  const sealroom::SystemClock clock;
  const sealroom::Deadline deadline(clock, std::chrono::hours{1});
  const auto began = std::clock();
  for (int i = 0; i < count; ++i) {
    sealroom::testing::must(sealroom::modulus_findings(key, sealroom::widest_key_settings(), deadline).empty(),
                            "a fresh modulus is found weak");
  }
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::cout << fmt::format("{:.3f}\n", seconds * 1000 / count);
}
