#include "sealroom/plan/draft.hpp"

#include <new>
#include <thread>

#include <catch2/catch.hpp>

#include "plan_fixture.hpp"
#include "sealroom/plan/report.hpp"

namespace sealroom::testing {
namespace {

const IssuerChain& root_chain() {
  static const auto made = IssuerChain::verify({tiers().root()}).value();
  return made;
}

const IssuerChain& chain() {
  static const auto made = IssuerChain::verify({tiers().intermediate(), tiers().root()}).value();
  return made;
}

DraftOrder order_for(const Bytes& request) {
  return {.submission = submission(request),
          .rules = tiers().rules(),
          .above = &chain(),
          .wish = {},
          .now = kNow,
          .serial = serial_of(7)};
}

// Requests of every kind of outcome: granted, refused by one rule or another, no request at all.
std::vector<DraftOrder> mixed_orders(std::size_t count) {
  std::vector<DraftOrder> orders;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = "host-" + std::to_string(i) + ".example.com";
    RequestRecipe recipe{.key_number = static_cast<int>(i % 4),
                         .subject = {{"CN", name}},
                         .extensions = {{"subjectAltName", "DNS:" + name}}};
    if (i % 5 == 1) recipe.extensions.clear();
    if (i % 5 == 2) recipe.extensions = {{"basicConstraints", "critical,CA:TRUE"}};
    auto request = make_request(recipe);
    if (i % 5 == 3) request.back() ^= 1;
    if (i % 7 == 6) request = {'x'};
    const auto& profile = i % 2 == 0 ? kServer : kClient;
    orders.push_back({.submission = submission(request, "intermediate/" + profile.name + "/" + name + ".csr"),
                      .rules = i % 11 == 10 ? tiers().root_rules() : tiers().rules(profile),
                      .above = i % 11 == 10 ? &root_chain() : &chain(),
                      .wish = {},
                      .now = kNow,
                      .serial = serial_of(static_cast<std::uint8_t>(i + 1))});
  }
  return orders;
}

// Everything that becomes of a draft later: its verdict with all findings, and the octets to be signed.
std::string text_of(const Draft& draft) {
  const auto verdict = verdict_of(draft.examination, "intermediate", "server_cert").dump();
  if (!draft.admitted) return verdict;
  return verdict +
         (*draft.admitted ? to_hex((*draft.admitted)->planned().to_be_signed()) : draft.admitted->error().message);
}

// The next `count` drafts.
std::vector<std::string> texts_of(Drafter& drafter, std::size_t count) {
  std::vector<std::string> texts;
  while (texts.size() < count) texts.push_back(text_of(drafter.finish()));
  return texts;
}

}  // namespace

TEST_CASE("a draft is the examination and the certificate that decide() and build() make without facts") {
  const auto request = make_request();
  const auto draft = draft_of(order_for(request), SystemClock());
  CHECK(draft.examination.refusals.empty());
  REQUIRE(draft.admitted.has_value());
  REQUIRE(draft.admitted->has_value());
  const auto direct = plan_for(permit_for(request, tiers().rules()), serial_of(7));
  CHECK((*draft.admitted)->planned().to_be_signed() == direct.to_be_signed());
}

TEST_CASE("a certificate is admitted below its issuer's chain, and below no other") {
  const auto draft = [&](const IssuerChain* above) {
    auto order = order_for(make_request());
    order.above = above;
    return draft_of(std::move(order), SystemClock()).admitted.value();
  };
  CHECK(draft(&chain()));
  CHECK_FALSE(draft(&root_chain()));
  CHECK_FALSE(draft(nullptr));
}

TEST_CASE("what is refused without any fact has no planned certificate") {
  const auto by_rule = draft_of(order_for(make_request({.extensions = {}})), SystemClock());
  CHECK(has(by_rule.examination.refusals, "names.missing-san"));
  CHECK_FALSE(by_rule.admitted.has_value());
  auto wished = order_for(make_request());
  wished.wish.days = 100'000;
  const auto by_wish = draft_of(std::move(wished), SystemClock());
  CHECK(by_wish.examination.refusals.empty());  // a wish is judged by decide(), with the facts
  CHECK_FALSE(by_wish.admitted.has_value());
}

TEST_CASE("drafts and their order are the same for any number of threads") {
  constexpr std::size_t kCount = 60;
  const auto orders = mixed_orders(kCount);
  const SystemClock clock;
  std::vector<std::string> expected;
  for (const auto& order : orders) expected.push_back(text_of(draft_of(order, SystemClock())));
  for (const unsigned threads : {1U, 2U, 4U, 9U}) {
    CAPTURE(threads);
    Drafter drafter(threads, clock);
    for (const auto& order : orders) drafter.begin(order);
    CHECK(texts_of(drafter, kCount) == expected);
    std::vector<std::string> one_by_one;
    for (std::size_t i = 0; i < kCount; ++i) {
      drafter.begin(orders[i]);
      if (i >= 10) one_by_one.push_back(text_of(drafter.finish()));
    }
    for (auto& text : texts_of(drafter, 10)) one_by_one.push_back(std::move(text));
    CHECK(one_by_one == expected);
  }
}

TEST_CASE("drafts are made without their owner, where there is another thread") {
  const SystemClock clock;
  const auto order = order_for(make_request());
  const auto begin_enough = [&](Drafter& drafter) {
    int begun = 0;
    for (; !drafter.has_enough(); ++begun) drafter.begin(order);
    return begun;
  };
  Drafter alone(1, clock);
  const int enough = begin_enough(alone);
  CHECK(enough > 1);
  Drafter drafter(2, clock);
  int begun = begin_enough(drafter);
  while (drafter.has_enough()) std::this_thread::yield();
  begun += begin_enough(drafter);
  CHECK(begun > enough);
  for (; begun > 0; --begun) CHECK(drafter.finish().admitted.has_value());
  CHECK(alone.has_enough());  // still
  alone.finish();
  CHECK_FALSE(alone.has_enough());
}

TEST_CASE("a drafter may go while it works") {
  const SystemClock clock;
  Drafter drafter(4, clock);
  for (auto& order : mixed_orders(40)) drafter.begin(std::move(order));
}

// A clock for which there is no memory on any thread but its owner's.
class PoorClock final : public Clock {
 public:
  Instant now() const override { return kNow; }
  std::chrono::milliseconds since_boot() const override {
    if (std::this_thread::get_id() != owner_) throw std::bad_alloc();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the others have their turn
    return {};
  }
  std::string boot_id() const override { return {}; }

 private:
  std::thread::id owner_ = std::this_thread::get_id();
};

TEST_CASE("what is thrown on a drafting thread is thrown to whoever waits for the draft") {
  const PoorClock clock;
  Drafter drafter(3, clock);
  const auto request = make_request();
  for (int i = 0; i < 6; ++i) drafter.begin(order_for(request));
  int thrown = 0;
  for (int i = 0; i < 6; ++i) {
    try {
      drafter.finish();
    } catch (const std::bad_alloc&) {
      ++thrown;
    }
  }
  CHECK(thrown > 0);
}

}  // namespace sealroom::testing
