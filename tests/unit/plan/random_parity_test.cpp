#include <iostream>

#include "openssl_ca.hpp"
#include "random_issuers.hpp"
#include "random_requests.hpp"

// Parity in bulk: random requests that both sides accept, under the shipped configurations and under random ones.
// SEALROOM_PARITY_SEED=N repeats a failure or tries other ones.
namespace sealroom {
namespace {

using namespace testing;

constexpr int kYears60 = 21915;
constexpr int kYears50 = 18262;

Profile unbounded(Profile profile, int days) {
  profile.days = days;
  profile.maximum_days = kYears60;
  profile.wildcards = Wildcards::Allow;
  return profile;
}

const Profile kOwnLong = unbounded(kOwn, kYears60);
const Profile kIntermediateLong = unbounded(kIntermediate, kYears50);
const Profile kServerFree = unbounded(kServer, 365);
const Profile kClientFree = unbounded(kClient, 375);

// As ceremony/issuers-modern/profiles.yaml has them.
Profile modern(Profile profile) {
  profile.section_for[KeyType::Rsa] = profile.name + "_rsa";
  if (profile.purpose == Purpose::Server) profile.common_name = CommonName::Listed;
  return profile;
}

const Profile kServerModern = modern(kServerFree);
const Profile kClientModern = modern(kClientFree);

// The moments around which the encoding of dates changes (RFC 5280 section 4.1.2.5), and some that are like any other.
Instant moment(Chance& chance) {
  constexpr Instant kTurn{std::chrono::sys_days{std::chrono::year{2050} / 1 / 1}};
  if (chance.coin()) return kTurn + std::chrono::seconds{static_cast<int>(chance.number(3)) - 1};
  return kNow + std::chrono::seconds{chance.number(40u * 365 * 86400)};
}

Wish random_wish(Chance& chance) {
  Wish wish;
  if (chance.one_in(3)) wish.not_before = moment(chance);
  if (wish.not_before || chance.coin()) wish.days = 1 + static_cast<int>(chance.number(3000));
  if (chance.one_in(3)) {
    const auto end = moment(chance);
    if (end > wish.not_before.value_or(kNow)) wish.not_after = end;
  }
  return wish;
}

// Up to 20 octets, at times fewer.
Serial random_serial(Chance& chance) {
  Serial serial{};
  const std::size_t zeros = chance.one_in(4) ? 1 + chance.number(18) : 0;
  for (std::size_t i = zeros; i < serial.size(); ++i) serial[i] = static_cast<std::uint8_t>(chance.number(256));
  serial.front() &= 0x7f;
  serial.back() |= 1;
  return serial;
}

// Bulk compares, counts and says in the end how much and from which seed.
class Bulk {
 public:
  explicit Bulk(const std::string& what)
      : what_(what), seed_(parity_seed()), chance_(seed_, what), requests_(chance_) {}
  ~Bulk() { std::cout << what_ << ": " << compared_ << " requests compared, seed " << seed_ << "\n"; }
  Bulk(const Bulk&) = delete;
  Bulk& operator=(const Bulk&) = delete;

  Chance& chance() { return chance_; }

  void compare_some(int count, OpensslCa& openssl, const Rules& rules, EVP_PKEY* signer) {
    for (int i = 0; i < count; ++i) {
      INFO("seed " << seed_ << ", request " << compared_ << ", section " << rules.profile->section);
      const auto request = requests_.make(rules);
      INFO(request_pem(request));
      compare(openssl, request, rules, signer, random_serial(chance_), random_wish(chance_));
      ++compared_;
    }
  }

  void compare_self(OpensslCa& openssl, const TwoTiers& made, const Rules& rules) {
    compare_own(openssl, own_request(made.root_config(), made.kind(), 200), rules, random_serial(chance_));
    ++compared_;
  }

 private:
  std::string what_;
  unsigned seed_;
  Chance chance_;
  RandomRequests requests_;
  int compared_ = 0;
};

// All profiles of a pair of configurations.
void compare_set(Bulk& bulk, int count, const std::string& kind, const IssuerTexts& texts,
                 const Profile& server = kServerFree, const Profile& client = kClientFree) {
  INFO("root.cnf:\n" << texts.root << "\nintermediate.cnf:\n" << texts.intermediate);
  const TwoTiers made(kind, texts.root, texts.intermediate, kOwnLong, kIntermediateLong);
  OpensslCa root(made.root_config(), &made.root(), made.root_key());
  OpensslCa intermediate(made.config(), &made.intermediate(), made.key());
  bulk.compare_self(root, made, made.own_rules());
  bulk.compare_some(count, root, made.root_rules(kIntermediateLong), made.root_key());
  bulk.compare_some(count, intermediate, made.rules(server), made.key());
  bulk.compare_some(count, intermediate, made.rules(client), made.key());
}

}  // namespace

TEST_CASE("random requests under the guide's configurations give the octets of openssl ca") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-384");
  Bulk bulk("the guide's set, " + kind);
  compare_set(bulk, 20, kind, {shipped("issuers/root.cnf"), shipped("issuers/intermediate.cnf")});
}

TEST_CASE("random requests under the modern configurations give the octets of openssl ca") {
  const std::string kind = GENERATE("rsa:2048", "ec:P-384");
  Bulk bulk("the modern set, " + kind);
  compare_set(bulk, 20, kind, {shipped("issuers-modern/root.cnf"), shipped("issuers-modern/intermediate.cnf")},
              kServerModern, kClientModern);
}

TEST_CASE("random requests under random configurations give the octets of openssl ca") {
  const std::string kind = GENERATE("rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384");
  Bulk bulk("random configurations, " + kind);
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    const auto texts = RandomIssuers(bulk.chance()).make();
    compare_set(bulk, 2, kind, texts);
  }
}

}  // namespace sealroom
