#include "sealroom/plan/draft.hpp"

#include <cstdlib>
#include <system_error>
#include <utility>

namespace sealroom {

Draft draft_of(DraftOrder order, const Clock& clock) {
  Draft draft{.examination = examine(std::move(order.submission), order.rules, clock), .admitted = {}};
  if (!draft.examination.refusals.empty()) return draft;
  Facts facts;
  facts.now = order.now;
  const auto decision = decide(draft.examination, order.rules, facts, order.wish);
  if (const auto* permit = std::get_if<Permit>(&decision)) {
    auto planned = PlannedCertificate::build(*permit, order.serial);
    if (planned) {
      draft.admitted = AdmittedCertificate::admit(std::move(*planned), order.above);
    } else {
      draft.admitted = std::unexpected(planned.error());
    }
  }
  return draft;
}

Drafter::~Drafter() { next_ = orders_.size(); }

void Drafter::begin(std::vector<DraftOrder> orders) {
  if (!orders_.empty()) std::abort();
  orders_ = std::move(orders);
  drafts_.resize(orders_.size());
  next_ = 0;
  for (std::size_t i = 1; i < configs_.size(); ++i) {
    try {
      others_.push_back(std::async(std::launch::async, [this, i] { work(configs_[i]); }));
    } catch (const std::system_error&) {
      return;  // no more threads are to be had; those that there are do it all
    }
  }
}

std::vector<Draft> Drafter::finish() {
  work(configs_.front());
  for (auto& other : std::exchange(others_, {})) other.get();
  std::vector<Draft> drafts;
  drafts.reserve(drafts_.size());
  for (auto& draft : drafts_) drafts.push_back(std::move(draft).value());
  orders_.clear();
  drafts_.clear();
  return drafts;
}

void Drafter::work(OwnConfigs& own) {
  for (auto index = next_++; index < orders_.size(); index = next_++) {
    auto order = std::move(orders_[index]);
    const auto* shared = order.rules.issuer;
    auto found = own.find(shared);
    if (found == own.end()) {
      auto config = IssuerConfig::parse(shared->file(), shared->text());
      if (!config) std::abort();  // it was loaded from this text
      found = own.emplace(shared, std::move(*config)).first;
    }
    order.rules.issuer = &found->second;
    drafts_[index] = draft_of(std::move(order), clock_);
  }
}

}  // namespace sealroom
