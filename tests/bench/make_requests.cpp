// A medium full of requests that were never seen before, for the benches and the test of a large import.
//
//   make-requests FOLDER COUNT KIND KEYS        KIND as "ec:P-256" or "rsa:2048"
//
// Writes FOLDER/000000.csr and so on (PEM, one SAN each). With fewer KEYS than COUNT, each key asks again and again for
// the same subject: a renewal, which the rules allow.
//
// RSA keys take too long to make one for each request by the usual way. Here each two of a few primes make a modulus, so
// every key is another one, and each costs what an RSA key costs whoever judges or verifies it. Never use such keys.
#include <atomic>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

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

// Calls do_one(0) to do_one(count - 1), on every processor.
void on_all_processors(std::size_t count, const std::function<void(std::size_t)>& do_one) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    threads.emplace_back([&] {
      for (auto number = next++; number < count; number = next++) do_one(number);
    });
  }
}

using OwnedBignumContext = Owned<BN_CTX, BN_CTX_free>;
using OwnedParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr BN_ULONG kExponent = 65537;

OwnedBignum new_prime(int bits) {
  OwnedBignum prime(BN_new());
  // Both top bits are set, so the product of two has twice the bits. One less must not be a multiple of the exponent.
  do {
    testing::must(BN_generate_prime_ex(prime.get(), bits, 0, nullptr, nullptr, nullptr) == 1, "prime");
  } while (BN_mod_word(prime.get(), kExponent) == 1);
  return prime;
}

OwnedPkey rsa_key_of(const BIGNUM* p, const BIGNUM* q) {
  const OwnedBignumContext context(BN_CTX_new());
  const OwnedBignum n(BN_new()), e(BN_new()), d(BN_new()), p_less(BN_dup(p)), q_less(BN_dup(q)), order(BN_new());
  testing::must(BN_mul(n.get(), p, q, context.get()) == 1 && BN_set_word(e.get(), kExponent) == 1 &&
                    BN_sub_word(p_less.get(), 1) == 1 && BN_sub_word(q_less.get(), 1) == 1 &&
                    BN_mul(order.get(), p_less.get(), q_less.get(), context.get()) == 1 &&
                    BN_mod_inverse(d.get(), e.get(), order.get(), context.get()) != nullptr,
                "RSA numbers");
  const OwnedParameterBuilder builder(OSSL_PARAM_BLD_new());
  testing::must(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1 &&
                    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_D, d.get()) == 1,
                "RSA parameters");
  const OwnedParameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedPkeyContext making(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  testing::must(EVP_PKEY_fromdata_init(making.get()) == 1 &&
                    EVP_PKEY_fromdata(making.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
                "RSA key");
  return OwnedPkey(key);
}

// Makes the key of each owner.
class Keys {
 public:
  Keys(std::string kind, std::size_t keys) : kind_(std::move(kind)) {
    if (!kind_.starts_with("rsa:")) return;
    const int bits = std::stoi(kind_.substr(4));
    std::size_t primes = 2;
    while (primes * (primes - 1) / 2 < keys) ++primes;
    primes_.resize(primes);
    on_all_processors(primes, [&](std::size_t number) { primes_[number] = new_prime(bits / 2); });
  }

  // Of the pairs (0,1), (0,2), (1,2), (0,3) ... of primes, that with the number `owner`.
  OwnedPkey of(std::size_t owner) const {
    if (primes_.empty()) return testing::make_key(kind_);
    std::size_t second = 1;
    for (; owner >= second; ++second) owner -= second;
    return rsa_key_of(primes_[owner].get(), primes_[second].get());
  }

 private:
  std::string kind_;
  std::vector<OwnedBignum> primes_;
};

void make(const std::string& folder, std::size_t count, const std::string& kind, std::size_t owners) {
  const Keys keys(kind, owners);
  on_all_processors(owners, [&](std::size_t owner) {
    const auto key = keys.of(owner);
    for (auto number = owner; number < count; number += owners) {
      write(folder, number, request_for(number, owner, key.get()));
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: make-requests FOLDER COUNT KIND KEYS\n";
    return 2;
  }
  make(argv[1], std::stoul(argv[2]), argv[3], std::stoul(argv[4]));
}
