#include "plan_fixture.hpp"
#include "support/openssl_certificates.hpp"

namespace sealroom {
namespace {

using namespace testing;
using std::chrono::days;
using std::chrono::seconds;

Decision decided(const Facts& facts, const Rules& rules = tiers().rules(), const Wish& wish = {},
                 const RequestRecipe& recipe = {}) {
  return decide(examine(submission(make_request(recipe)), rules), rules, facts, wish);
}

const Examination& examination_of(const Decision& decision) {
  if (const auto* refusal = std::get_if<Refusal>(&decision)) return refusal->examination;
  return std::get<Permit>(decision).examination();
}

bool permitted(const Decision& decision) { return std::holds_alternative<Permit>(decision); }
Ids refused(const Decision& decision) { return ids_of(examination_of(decision).refusals); }
Ids remarked(const Decision& decision) { return ids_of(examination_of(decision).remarks); }

Decision wished(const Wish& wish, const Profile& profile = kServer, Instant now = kNow) {
  return decided(facts_now(now), tiers().rules(profile), wish);
}

// An earlier certificate for the key and the subject of the standard recipe.
EarlierCertificate earlier(const Bytes& subject) {
  return {.batch = "B-20260501-0001",
          .issuer = "intermediate",
          .serial = "21AB",
          .subject = subject,
          .not_after = kNow + days(9)};
}

Bytes standard_subject() { return examine(submission(make_request({})), tiers().rules()).subject; }
Bytes other_subject() { return der_of(make_name({{"CN", "someone else"}}).get(), i2d_X509_NAME); }

}  // namespace

TEST_CASE("a clean request under complete rules is permitted for the profile's days from now") {
  const auto decision = decided(facts_now());
  REQUIRE(permitted(decision));
  const auto& permit = std::get<Permit>(decision);
  CHECK(permit.validity().not_before == kNow);
  CHECK(permit.validity().not_after == kNow + days(365));
  CHECK(permit.remarks().empty());
}

TEST_CASE("the same arguments give the same answer") {
  const auto rules = tiers().rules();
  const auto examination = examine(submission(make_request({})), rules);
  const auto first = decide(examination, rules, facts_now(), {});
  const auto second = decide(examination, rules, facts_now(), {});
  REQUIRE(permitted(first));
  REQUIRE(permitted(second));
  CHECK(std::get<Permit>(first).validity().not_after == std::get<Permit>(second).validity().not_after);
}

TEST_CASE("what examine refused stays refused, beside what decide finds") {
  Facts facts = facts_now();
  facts.same_request_in_batch = "intermediate/server_cert/first.csr";
  const auto decision = decided(facts, tiers().rules(), {}, {.key = "rsa:1024"});
  CHECK(refused(decision) == Ids{"key.rsa-too-short", "request.duplicate"});
}

TEST_CASE("the same request again is refused with serial and batch") {
  Facts facts = facts_now();
  facts.same_request = earlier(standard_subject());
  const auto decision = decided(facts);
  CHECK(refused(decision) == Ids{"request.already-issued"});
  const auto detail = detail_of(examination_of(decision).refusals, "request.already-issued");
  CHECK(detail.find("21AB") != std::string::npos);
  CHECK(detail.find("B-20260501-0001") != std::string::npos);
}

TEST_CASE("a request that is twice in a batch is refused the second time") {
  Facts facts = facts_now();
  facts.same_request_in_batch = "intermediate/server_cert/first.csr";
  const auto decision = decided(facts);
  CHECK(refused(decision) == Ids{"request.duplicate"});
  CHECK(detail_of(examination_of(decision).refusals, "request.duplicate").find("first.csr") != std::string::npos);
}

TEST_CASE("a key that is certified for the same subject is a renewal, for another it is refused") {
  Facts facts = facts_now();
  facts.same_key = {earlier(standard_subject())};
  const auto renewal = decided(facts);
  CHECK(permitted(renewal));
  CHECK(remarked(renewal) == Ids{"key.renewal"});
  CHECK(detail_of(examination_of(renewal).remarks, "key.renewal").find("21AB") != std::string::npos);

  facts.same_key = {earlier(standard_subject()), earlier(other_subject())};
  CHECK(refused(decided(facts)) == Ids{"key.other-subject"});
}

TEST_CASE("the key of one of our CAs is refused") {
  Facts facts = facts_now();
  facts.key_of_issuer = "root";
  CHECK(refused(decided(facts)) == Ids{"key.of-a-ca"});
  // The issuer's own key is known without being told.
  const auto& made = tiers();
  CHECK(refused(decided(facts_now(), made.rules(), {}, {.key = made.kind(), .key_number = 201})) == Ids{"key.of-a-ca"});
  CHECK(permitted(decided(facts_now(), made.rules(), {}, {.key = made.kind(), .key_number = 202})));
}

TEST_CASE("a subject that already has a certificate is refused where the issuer says unique_subject = yes") {
  Facts facts = facts_now();
  facts.same_subject = {earlier(standard_subject())};
  CHECK(permitted(decided(facts)));
  const auto config =
      issuer_config(changed(shipped("issuers/intermediate.cnf"), "unique_subject   = no", "unique_subject   = yes"));
  auto rules = tiers().rules();
  rules.issuer = &config;
  CHECK(refused(decided(facts, rules)) == Ids{"subject.not-unique"});
  CHECK(permitted(decided(facts_now(), rules)));
}

TEST_CASE("the own profile is for the issuer without a certificate, and only that") {
  const auto& made = tiers();
  const auto own = own_request(made.root_config(), made.kind(), 200);
  const auto decide_own = [&](const Rules& rules) {
    return decide(examine(submission(own), rules), rules, facts_now(), {});
  };
  CHECK(permitted(decide_own(made.own_rules())));
  auto with_certificate = made.own_rules();
  with_certificate.issuer_certificate = &made.root();
  CHECK(refused(decide_own(with_certificate)) == Ids{"profile.own-certificate"});
  auto without = made.rules();
  without.issuer_certificate = nullptr;
  CHECK(refused(decided(facts_now(), without)) == Ids{"profile.own-certificate"});
}

TEST_CASE("validity follows the wish within the profile's maximum") {
  const auto now = kNow + days(1);
  const auto begin = now + days(10);
  struct Row {
    Wish wish;
    Instant from;
    Instant until;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {{.days = 30, .not_before = {}, .not_after = {}}, now, now + days(30)},
      {{.days = 365, .not_before = {}, .not_after = {}}, now, now + days(365)},
      {{.days = 30, .not_before = begin, .not_after = {}}, begin, begin + days(30)},
      {{.days = {}, .not_before = {}, .not_after = begin}, now, begin},
      {{.days = {}, .not_before = now - seconds(1), .not_after = begin}, now - seconds(1), begin},
  }));
  const auto decision = wished(row.wish, kServer, now);
  REQUIRE(permitted(decision));
  CHECK(std::get<Permit>(decision).validity().not_before == row.from);
  CHECK(std::get<Permit>(decision).validity().not_after == row.until);
}

TEST_CASE("validity that is too long or runs backwards is refused") {
  CHECK(refused(wished({.days = 366, .not_before = {}, .not_after = {}})) == Ids{"validity.too-long"});
  CHECK(refused(wished({.days = {}, .not_before = {}, .not_after = kNow + days(365) + seconds(1)})) ==
        Ids{"validity.too-long"});
  CHECK(refused(wished({.days = 0, .not_before = {}, .not_after = {}})) == Ids{"validity.order"});
  CHECK(refused(wished({.days = -1, .not_before = {}, .not_after = {}})) == Ids{"validity.order"});
  CHECK(refused(wished({.days = {}, .not_before = kNow + days(2), .not_after = kNow + days(1)})) ==
        Ids{"validity.order"});
  CHECK(refused(wished({.days = {}, .not_before = kNow - days(2), .not_after = kNow})).contains("validity.order"));
}

TEST_CASE("a certificate does not begin before its issuer") {
  const auto start = tiers().intermediate().not_before();
  CHECK(permitted(wished({.days = {}, .not_before = start, .not_after = {}})));
  CHECK(refused(wished({.days = {}, .not_before = start - seconds(1), .not_after = {}})) == Ids{"validity.not-before"});
}

TEST_CASE("a certificate that would outlive its issuer is refused or cut") {
  const auto end = tiers().intermediate().not_after();
  CHECK(permitted(wished({}, kServer, end - days(365))));
  CHECK(refused(wished({}, kServer, end - days(364))) == Ids{"validity.past-issuer"});
  auto cutting = kServer;
  cutting.past_issuer = PastIssuer::Cut;
  const auto cut = wished({}, cutting, end - days(364));
  REQUIRE(permitted(cut));
  CHECK(std::get<Permit>(cut).validity().not_after == end);
  CHECK(remarked(cut) == Ids{"validity.cut"});
  CHECK(remarked(wished({}, cutting, end - days(365))) == Ids{});
}

TEST_CASE("an issuer that is not valid now issues nothing") {
  const auto& issuer = tiers().intermediate();
  CHECK(refused(wished({}, kServer, issuer.not_after() + seconds(1))).contains("issuer.validity"));
  CHECK(refused(wished({.days = 1, .not_before = issuer.not_before(), .not_after = {}}, kServer,
                       issuer.not_before() - seconds(1))) == Ids{"issuer.validity"});
  CHECK(permitted(wished({.days = 1, .not_before = {}, .not_after = {}}, kServer, issuer.not_before())));
}

TEST_CASE("a certificate ends with the first of the chain above it") {
  static const TestAuthority authority;
  CertificateRecipe recipe{.key_number = 100, .extensions = {{"basicConstraints", "critical,CA:TRUE"}}};
  recipe.not_after = kNow + days(100);
  const auto root =
      Certificate::parse(der_of_certificate(make_certificate(recipe, nullptr, authority.root_key()))).value();
  const auto under_it = [&](int count, const Profile& profile, Instant now = kNow) {
    auto rules = tiers().rules(profile);
    rules.above = {&root, 1};
    return decided(facts_now(now), rules, {.days = count, .not_before = {}, .not_after = {}});
  };
  CHECK(permitted(under_it(100, kServer)));
  CHECK(refused(under_it(101, kServer)) == Ids{"validity.past-issuer"});
  CHECK(refused(under_it(1, kServer, kNow + days(101))).contains("issuer.validity"));
  auto cutting = kServer;
  cutting.past_issuer = PastIssuer::Cut;
  const auto cut = under_it(101, cutting);
  REQUIRE(permitted(cut));
  CHECK(std::get<Permit>(cut).validity().not_after == root.not_after());
}

TEST_CASE("an issuer whose certificate is not for the key on its token issues nothing") {
  Facts facts = facts_now();
  facts.issuer_key = tiers().intermediate().key().digest();
  CHECK(permitted(decided(facts)));
  facts.issuer_key = tiers().root().key().digest();
  CHECK(refused(decided(facts)) == Ids{"issuer.key"});
  CHECK(permitted(decided(facts_now())));
}

TEST_CASE("no validity reaches past the year 9999") {
  const auto& made = tiers();
  auto own = kOwn;
  own.maximum_days = 4'000'000;
  const Rules rules{&made.root_config(), &own, nullptr, {}};
  const auto request = own_request(made.root_config(), made.kind(), 200);
  const auto with_days = [&](int count) {
    return decide(examine(submission(request), rules), rules, facts_now(),
                  {.days = count, .not_before = {}, .not_after = {}});
  };
  CHECK(permitted(with_days(2'900'000)));
  CHECK(refused(with_days(2'930'000)) == Ids{"validity.too-long"});
}

}  // namespace sealroom
