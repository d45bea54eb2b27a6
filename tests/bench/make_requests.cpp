// A medium full of requests that were never seen before, for scripts/bench and the test of a large import.
//
//   make-requests FOLDER COUNT KIND KEYS        KIND as "ec:P-256" or "rsa:2048"
//
// Writes FOLDER/000000.csr and so on (PEM, one SAN each). With fewer KEYS than COUNT, each key asks again and again for
// the same subject: a renewal, which the rules allow. RSA keys take too long to make one for each request.
#include <atomic>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "support/openssl_requests.hpp"

namespace {

using namespace sealroom;

std::string request_for(std::size_t number, std::size_t owner, EVP_PKEY* key) {
  testing::must(key != nullptr, "key");
  const OwnedReq request(X509_REQ_new());
  const auto subject = testing::make_name({{"O", "Bench"}, {"CN", fmt::format("host-{}.example.com", owner)}});
  testing::must(X509_REQ_set_subject_name(request.get(), subject.get()) == 1, "subject");
  testing::must(X509_REQ_set_pubkey(request.get(), key) == 1, "public key");
  const auto extensions =
      testing::make_extensions({{"subjectAltName", fmt::format("DNS:host-{}-{}.example.com", owner, number)}}, nullptr);
  testing::must(X509_REQ_add_extensions(request.get(), extensions.get()) == 1, "extension request");
  testing::must(X509_REQ_sign(request.get(), key, EVP_sha256()) > 0, "signature");
  return testing::request_pem(der_of(request.get(), i2d_X509_REQ));
}

void write(const std::string& folder, std::size_t number, const std::string& pem) {
  std::ofstream file(fmt::format("{}/{:06}.csr", folder, number), std::ios::binary);
  file << pem;
  testing::must(static_cast<bool>(file.flush()), "a request cannot be written");
}

// Each thread takes the next key and writes every request that it signs.
void make(const std::string& folder, std::size_t count, const std::string& kind, std::size_t keys) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    threads.emplace_back([&] {
      for (auto owner = next++; owner < keys; owner = next++) {
        const auto key = testing::make_key(kind);
        for (auto number = owner; number < count; number += keys) {
          write(folder, number, request_for(number, owner, key.get()));
        }
      }
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: make-requests FOLDER COUNT KIND KEYS\n";
    return 2;
  }
  make(argv[1], std::stoul(argv[2]), argv[3], std::stoul(argv[4]));
}
