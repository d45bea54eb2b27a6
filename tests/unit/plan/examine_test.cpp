#include <limits>

#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

bool listed(const Examination& examination, std::string_view id) {
  return std::ranges::find(examination.not_evaluated, id) != examination.not_evaluated.end();
}

}  // namespace

TEST_CASE("an acceptable request leaves nothing open and nothing refused") {
  const auto examination = examine(submission(make_request({})), tiers().rules());
  CHECK(examination.refusals.empty());
  CHECK(examination.not_evaluated.empty());
  CHECK(examination.csr.has_value());
  CHECK_FALSE(examination.unproven.has_value());
}

TEST_CASE("a request whose signature does not verify is judged by every other rule, too") {
  auto octets = make_request({.key = "rsa:1024", .extensions = {{"subjectAltName", "DNS:a_b"}}});
  octets.back() ^= 1;
  const auto examination = examine(submission(octets), tiers().rules());
  CHECK(ids_of(examination.refusals) == Ids{"key.rsa-too-short", "names.dns", "signature.mismatch"});
  CHECK_FALSE(examination.csr.has_value());
  REQUIRE(examination.request() != nullptr);
  CHECK(examination.request()->key().description() == "RSA 1024");
}

TEST_CASE("a request that breaks one rule hundreds of times gets a bounded answer") {
  std::string names;
  for (int i = 0; i < 300; ++i) names += (i == 0 ? "DNS:a_" : ",DNS:a_") + std::to_string(i);
  auto rules = tiers().rules();
  rules.limits.alternative_names = 300;
  const auto examination = examine(submission(make_request({.extensions = {{"subjectAltName", names}}})), rules);
  CHECK(ids_of(examination.refusals) == Ids{"names.dns"});
  CHECK(examination.refusals.size() == 100);
}

TEST_CASE("what is no request at all is refused with the parser's findings") {
  const auto examination = examine({"intermediate/server_cert/a.csr", copy(as_bytes("hello"))}, tiers().rules());
  CHECK_FALSE(examination.refusals.empty());
  CHECK(examination.request() == nullptr);
}

TEST_CASE("without profile, configuration or issuer certificate the open rules are listed and nothing else is lost") {
  const auto request =
      make_request({.extensions = {{"basicConstraints", "CA:TRUE"}, {"subjectAltName", "DNS:*.example.com,DNS:a_b"}}});
  SECTION("nothing") {
    const auto examination = examine(submission(request), {});
    CHECK(ids_of(examination.refusals) == Ids{"names.dns"});
    for (const auto* id : {"extension.ca-rights", "key.debian-weak", "names.missing-san", "names.wildcard",
                           "subject.missing", "subject.match", "issuer.not-a-ca"}) {
      CAPTURE(id);
      CHECK(listed(examination, id));
    }
  }
  SECTION("profile only") {
    const auto examination = examine(submission(request), {nullptr, &kServer, nullptr, {}});
    CHECK(ids_of(examination.refusals) == Ids{"extension.ca-rights", "names.dns", "names.wildcard"});
    CHECK(listed(examination, "subject.missing"));
    CHECK_FALSE(listed(examination, "extension.ca-rights"));
  }
  SECTION("no issuer certificate") {
    auto rules = tiers().root_rules();
    rules.issuer_certificate = nullptr;
    const auto examination = examine(
        submission(make_request({.subject = {{"C", "FR"}, {"ST", "x"}, {"O", "x"}, {"CN", "CA"}}, .extensions = {}})),
        rules);
    CHECK(ids_of(examination.refusals) == Ids{});
    CHECK(listed(examination, "subject.match"));
    CHECK(listed(examination, "issuer.path-length"));
    CHECK_FALSE(listed(examination, "subject.missing"));
  }
}

TEST_CASE("a request that is not judged in its time is refused, wherever the time runs out") {
  // Time stands still, and at the `last` look it has run out.
  struct Stopping : Clock {
    Instant now() const override { return kNow; }
    std::chrono::milliseconds since_boot() const override {
      return ++looks < last ? std::chrono::milliseconds{0} : std::chrono::milliseconds{5'000};
    }
    std::string boot_id() const override { return {}; }
    mutable int looks = 0;
    int last = 0;
  };
  const auto request = submission(make_request({.key = "rsa:2048"}));
  Stopping clock;
  clock.last = std::numeric_limits<int>::max();
  CHECK(examine(request, tiers().rules(), clock).refusals.empty());
  const int looks = clock.looks;
  REQUIRE(looks > 100);  // in the Fermat rounds and inside the exponentiation, too
  for (int last = 2; last <= looks; ++last) {
    clock.looks = 0;
    clock.last = last;
    const auto examination = examine(request, tiers().rules(), clock);
    CAPTURE(last);
    CHECK(ids_of(examination.refusals) == Ids{"request.too-slow"});
    CHECK_FALSE(examination.csr.has_value());
    CHECK(examination.request() != nullptr);
  }
}

TEST_CASE("what was found before the time ran out is said") {
  struct Late : Clock {
    Instant now() const override { return kNow; }
    std::chrono::milliseconds since_boot() const override { return std::chrono::seconds{++looks == 1 ? 0 : 60}; }
    std::string boot_id() const override { return {}; }
    mutable int looks = 0;
  };
  const auto request = make_request({.key = "rsa:1024", .extensions = {{"subjectAltName", "DNS:a_b"}}});
  const auto examination = examine(submission(request), tiers().rules(), Late());
  CHECK(ids_of(examination.refusals) == Ids{"key.rsa-too-short", "names.dns", "request.too-slow"});
  CHECK(detail_of(examination.refusals, "request.too-slow").find("5 s") != std::string::npos);
}

TEST_CASE("the guide's own profiles of a root and an intermediate judge the same request differently") {
  const auto request = make_request({.extensions = {{"basicConstraints", "critical,CA:TRUE"}}});
  CHECK(ids_of(examine(submission(request), tiers().rules(kClient)).refusals) == Ids{"extension.ca-rights"});
}

}  // namespace sealroom
