#include "sealroom/issuance/verification.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/told_by_log.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/plan/document.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kTag = "verification";

// The entries that came back at restores: nothing was planned in the ledger when they did.
using Returned = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // from, to

Result<Returned> returned_entries(const Ledger& ledger) {
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  Returned returned;
  auto read = ledger.each_line(0, *size, kRestoredTag, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    const auto& told = entry->event.details;
    returned.emplace_back(told.value("size", std::uint64_t{0}) + 1, told.value("log_size", std::uint64_t{0}));
    return Done{};
  });
  if (!read) return pass_on(read);
  return returned;
}

// How many certificates the entries from `from` on have brought into the ledger: planned here, or back from an export.
// A line is canonical, so these texts are nowhere else in it.
Result<std::uint64_t> count_of_rows(const Ledger& ledger, const Returned& returned, std::uint64_t from,
                                    std::uint64_t to) {
  constexpr std::string_view kPlanned = R"("event":"certificate.planned")", kBack = R"("event":"batch.restored")";
  std::uint64_t count = 0;
  auto read = ledger.each_line(from, to, {}, [&](std::uint64_t seq, std::string_view line) -> Result<Done> {
    const auto holds = [&](const auto& range) { return range.first <= seq && seq < range.second; };
    if (std::ranges::any_of(returned, holds)) return Done{};
    if (line.find(kBack) != std::string_view::npos) {
      auto entry = log::parse_line(line);
      if (!entry) return pass_on(entry);
      count += entry->event.details.value("added", std::uint64_t{0});
    }
    if (line.find(kPlanned) != std::string_view::npos) ++count;
    return Done{};
  });
  if (!read) return pass_on(read);
  return count;
}

// The requests of a plan are the ones that its document commits to. What came back from an export has no requests here.
Result<Done> verify_requests(const Ledger& ledger, const PlanRow& plan, const std::vector<CertificateRow>& rows) {
  if (!told_by(ledger, plan.entry, "plan.recorded", "")) return Done{};
  std::map<std::uint64_t, const CertificateRow*> planned;
  for (const auto& row : rows) planned.emplace(row.request, &row);
  log::TreeBuilder tree;
  auto read = ledger.each_request(plan.batch, [&](const RequestRow& request) -> Result<Done> {
    if (request.issuer != plan.issuer) return Done{};
    auto verdict = parse_json(request.verdict, "verdict");
    if (!verdict) return pass_on(verdict);
    const auto row = planned.find(request.position);
    tree.add(as_bytes(request_line(*verdict, row == planned.end() ? ByteView() : ByteView(row->second->to_be_signed))));
    return Done{};
  });
  if (!read) return read;
  auto document = parse_json(plan.document, "plan");
  if (document && document->value("requests_root", "") == to_hex(tree.root())) return Done{};
  return fail(
      ErrorKind::Integrity,
      fmt::format("plan {}/{}: the requests in the ledger are not the ones in the document", plan.batch, plan.issuer),
      "the ledger was changed outside the daemon; keep it as it is and restore its backup");
}

// Gives how many certificates the batch has.
Result<std::uint64_t> verify_batch(const Ledger& ledger, const BatchRow& batch) {
  auto told = BatchTold::read(ledger, batch.id);
  if (!told) return pass_on(told);
  auto plans = ledger.plans(batch.id);
  if (!plans) return pass_on(plans);
  std::uint64_t count = 0;
  for (const auto& plan : *plans) {
    auto agrees = agrees_with_log(ledger, plan);
    if (!agrees) return pass_on(agrees);
    auto rows = ledger.certificates(batch.id, plan.issuer);
    if (!rows) return pass_on(rows);
    for (const auto& row : *rows) {
      agrees = told->agrees(ledger, row);
      if (!agrees) return pass_on(agrees);
    }
    auto requests = verify_requests(ledger, plan, *rows);
    if (!requests) return pass_on(requests);
    count += rows->size();
  }
  return count;
}

// The log may grow meanwhile, so there are as many rows as it had planned before, or more, and no more than it has after.
Result<Done> verify_batches(const Ledger& ledger, std::uint64_t size, const VerificationProgress& progress) {
  auto returned = returned_entries(ledger);
  if (!returned) return pass_on(returned);
  auto before = count_of_rows(ledger, *returned, 0, size);
  if (!before) return pass_on(before);
  auto batches = ledger.batches();
  if (!batches) return pass_on(batches);
  std::uint64_t rows = 0;
  for (const auto& batch : *batches) {
    auto verified = ledger.at_one_moment([&]() -> Result<Done> {
      auto count = verify_batch(ledger, batch);
      if (!count) return pass_on(count);
      rows += *count;
      return Done{};
    });
    if (!verified) return verified;
    progress(rows, *before);
  }
  auto size_now = ledger.log_size();
  if (!size_now) return pass_on(size_now);
  auto since = count_of_rows(ledger, *returned, size, *size_now);
  if (!since) return pass_on(since);
  if (*before <= rows && rows <= *before + *since) return Done{};
  return fail(ErrorKind::Integrity,
              fmt::format("the log has planned {} certificates, and the ledger has {}", *before + *since, rows),
              "the ledger was changed outside the daemon; keep it as it is and restore its backup");
}

Result<Done> verify_owners(const Ledger& ledger) {
  auto keys = ledger.keys();
  if (!keys) return pass_on(keys);
  for (const auto& key : *keys) {
    auto told = history_told(ledger, key);
    if (!told) return pass_on(told);
  }
  auto issuers = ledger.issuers();
  if (!issuers) return pass_on(issuers);
  for (const auto& issuer : *issuers) {
    if (issuer.state != "active") continue;
    auto agrees = agrees_with_log(ledger, issuer);
    if (!agrees) return agrees;
  }
  return Done{};
}

}  // namespace

Result<std::uint64_t> verify_ledger(const Ledger& ledger, const VerificationProgress& progress) {
  auto size = ledger.verify();
  if (!size) return size;
  auto batches = verify_batches(ledger, *size, progress);
  if (!batches) return pass_on(batches);
  auto owners = ledger.at_one_moment([&] { return verify_owners(ledger); });
  if (!owners) return pass_on(owners);
  return size;
}

Result<Done> record_verification(const Work& work, const LedgerVerification& verification) {
  const bool right = verification.trouble.empty();
  Json details{{"size", verification.size}};
  if (!right) details["reason"] = printable(verification.trouble);
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  auto seq =
      change->append({.name = "log.verified", .outcome = right ? "ok" : "error", .details = std::move(details)}, kTag);
  if (!seq) return pass_on(seq);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return Done{};
}

Result<std::optional<LedgerVerification>> newest_verification(const Ledger& ledger) {
  auto newest = newest_entry(ledger, kTag);
  if (!newest) return pass_on(newest);
  if (!*newest) return std::nullopt;
  const auto& [context, event] = std::tie((*newest)->context, (*newest)->event);
  return LedgerVerification{
      .time = context.time,
      .size = event.details.value("size", std::uint64_t{0}),
      .trouble = event.outcome == "ok" ? "" : event.details.value("reason", "it was found wrong")};
}

std::unexpected<Error> found_wrong(const LedgerVerification& verification) {
  return fail(
      ErrorKind::Integrity,
      fmt::format("the ledger was verified at {} and found wrong: {}", to_rfc3339(verification.time),
                  verification.trouble),
      "nothing is recorded or signed until `sealroom audit verify` finds it right: restore its backup, and keep "
      "this one for the auditor");
}

}  // namespace sealroom
