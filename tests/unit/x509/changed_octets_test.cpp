#include <random>

#include <catch2/catch.hpp>

#include "request_outcome.hpp"
#include "support/der_writer.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

constexpr const char* kSubjectAltName = "2.5.29.17";

Bytes wanted_names(const ParsedRequest& request) {
  for (const auto& extension : request.extensions()) {
    if (extension.oid == kSubjectAltName) return extension.der;
  }
  return {};
}

// What came of a request whose octets were changed one at a time.
struct Outcome {
  std::size_t tried = 0;
  std::size_t proven = 0;  // parsed, and the signature verified
  std::size_t other = 0;   // and with another subject, key or names than the original
};

// Each octet of `good` with each of the values that `values(at)` gives for it.
template <class Values>
Outcome change_each_octet(const Bytes& good, Values values) {
  const auto original = ParsedRequest::parse(good, {});
  REQUIRE(original);
  REQUIRE(VerifiedCsr::verify(*original));
  Outcome outcome;
  Bytes changed = good;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint8_t value : values(at)) {
      if (value == good[at]) continue;
      changed[at] = value;
      ++outcome.tried;
      auto parsed = ParsedRequest::parse(changed, {});
      if (!parsed) continue;
      const auto verified = VerifiedCsr::verify(std::move(*parsed));
      if (!verified) continue;
      ++outcome.proven;
      const auto& request = verified->request();
      if (request.subject() != original->subject() || request.key().der() != original->key().der() ||
          wanted_names(request) != wanted_names(*original)) {
        ++outcome.other;
      }
    }
    changed[at] = good[at];
  }
  return outcome;
}

RequestRecipe small_request(const std::string& key) {
  return {.key = key, .subject = {{"CN", "a.example"}}, .extensions = {{"subjectAltName", "DNS:a.example"}}};
}

Bytes every_value() {
  Bytes all;
  for (int value = 0; value < 256; ++value) all.push_back(static_cast<std::uint8_t>(value));
  return all;
}

}  // namespace

TEST_CASE("no other value of any octet makes a P-256 request with another key or name") {
  const Bytes good = make_request(small_request("ec:P-256"));
  const auto outcome = change_each_octet(good, [all = every_value()](std::size_t) { return all; });
  CHECK(outcome.tried == 255 * good.size());
  CHECK(outcome.other == 0);
  CHECK(outcome.proven == 0);
}

TEST_CASE("no other value of any octet makes an Ed25519 request with another key or name") {
  RequestRecipe recipe = small_request("ed25519");
  recipe.digest = "";
  const Bytes good = make_request(recipe);
  const auto outcome = change_each_octet(good, [all = every_value()](std::size_t) { return all; });
  CHECK(outcome.tried == 255 * good.size());
  CHECK(outcome.other == 0);
  CHECK(outcome.proven == 0);
}

TEST_CASE("no sampled value of any octet makes an RSA request with another key or name") {
  const RequestRecipe recipe = small_request("rsa:2048");
  std::mt19937 random(20'080'513);  // the same sample in every run
  const auto outcome = change_each_octet(make_request(recipe), [&](std::size_t) {
    Bytes some;
    for (int i = 0; i < 12; ++i) some.push_back(static_cast<std::uint8_t>(random()));
    return some;
  });
  CHECK(outcome.tried > 5'000);
  CHECK(outcome.other == 0);
  CHECK(outcome.proven == 0);
}
