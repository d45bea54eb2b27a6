#include <algorithm>
#include <iterator>
#include <mutex>

#include <fmt/format.h>

#include "certificate_files.hpp"
#include "sealroom/base/each_of.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/issuance/issue.hpp"
#include "sealroom/issuance/release.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/plan/document.hpp"
#include "sealroom/plan/report.hpp"

// How a batch is looked at before it leaves.
namespace sealroom {
namespace {

// Whether this log has all of what came back from an export, as the details of that entry tell it.
Result<bool> came_back_whole(const Ledger& ledger, const Json& details) {
  bool whole = details.value("in_log", false);
  for (const auto& other : details.at("not_issued")) {
    const auto serial = from_hex(other.value("serial", ""));
    auto row = ledger.by_serial(other.value("issuer", ""), serial.value_or(Bytes{}));
    if (!row) return pass_on(row);
    whole = whole && row->has_value();
  }
  return whole;
}

// Requests that are read from the ledger in one go: a thread that waits for its turn each time waits longer than it reads.
constexpr std::uint64_t kReadAtOnce = 8;
constexpr std::size_t kGroupsWorthAThread = 2;

std::shared_ptr<const IssuerFiles> nothing_above() { return std::make_shared<const IssuerFiles>(); }

}  // namespace

// What the ledger holds of one request that may leave.
struct Release::Stored : StoredRequest {
  // Of an issued certificate, or why they cannot be read.
  Result<std::string> line;                          // of its log entry
  Result<std::shared_ptr<const IssuerFiles>> above;  // what stands above it
};

// What report, plans and certificates say of one request.
struct Release::Looked {
  Json verdict;
  std::string issuer;  // empty when the file was in no issuer's folder
  PlanLines lines;
  bool missing = false;
  std::optional<Leaving> leaving;
  std::vector<std::pair<std::string, Digest>> sums;
};

Result<Done> Release::look(const Ledger& ledger, unsigned threads) {
  auto row = ledger.batch(batch_);
  if (!row) return pass_on(row);
  if (!*row) return fail(ErrorKind::Usage, fmt::format("there is no batch {}", batch_), "see `sealroom batch list`");
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto read = read_entries(ledger, 0, *size);
  if (!read) return read;
  requests_ = (*row)->requests;
  auto looked = look_at_requests(ledger, (*row)->ignored, threads);
  if (!looked) return pass_on(looked, batch_);
  return looked;
}

// This batch's lines, each with its line feed. What came back from an export, and cannot leave again as sealroom-verify must
// have it, is an error: a person has that export.
Result<Done> Release::read_entries(const Ledger& ledger, std::uint64_t from, std::uint64_t size) {
  bool whole = true;
  auto read = ledger.each_line(from, size, batch_, [&](std::uint64_t, std::string_view line) -> Result<Done> {
    entries_.append(line).append("\n");
    if (line.find(R"("batch.restored")") == std::string_view::npos) return Done{};
    auto entry = log::parse_line(line);
    if (!entry) return pass_on(entry);
    if (entry->event.name != "batch.restored") return Done{};  // somebody's reason or file has that name
    auto now = came_back_whole(ledger, entry->event.details);
    if (!now) return pass_on(now);
    whole = *now;
    return Done{};
  });
  if (!read) return read;
  entries_read_ = size;
  if (whole) return Done{};
  return fail(
      ErrorKind::Failed,
      fmt::format("batch {}: came back from its export after a restore, and this log does not have all of it", batch_),
      "use the export that it came back from");
}

// One pass over the requests. One thread at a time asks the ledger.
Result<Done> Release::look_at_requests(const Ledger& ledger, std::string_view ignored, unsigned threads) {
  std::map<std::uint64_t, Looked> all;  // by request: grows with what is there, whatever the batch's row says
  std::mutex mutex;
  const auto groups = (requests_ + kReadAtOnce - 1) / kReadAtOnce;
  auto looked = each_of(
      groups, threads,
      [&](std::size_t group) -> Result<Done> {
        const auto first = group * kReadAtOnce;
        std::vector<Result<Stored>> stored;
        {
          const std::lock_guard guard(mutex);
          for (auto position = first; position < std::min(first + kReadAtOnce, requests_); ++position) {
            stored.push_back(read(ledger, position));
            if (!stored.back()) break;
          }
        }
        std::vector<Looked> some;
        for (auto& request : stored) {
          if (!request) return pass_on(request);
          auto one = look_at(std::move(*request));
          if (!one) return pass_on(one);
          some.push_back(std::move(*one));
        }
        const std::lock_guard guard(mutex);
        for (std::size_t i = 0; i < some.size(); ++i) all.emplace(first + i, std::move(some[i]));
        return Done{};
      },
      kGroupsWorthAThread);
  if (!looked) return looked;
  std::vector<Json> verdicts;
  for (auto& [position, one] : all) verdicts.push_back(add(std::move(one)));
  auto passed_over = parse_json(ignored, "ignored files");
  if (!passed_over) return pass_on(passed_over);
  overview_ = overview(ledger, report_of(batch_, std::move(verdicts), passed_over->get<std::vector<Json>>()));
  note(overview_);
  content_ = digest_of_sums(sums_, is_export_content);
  return Done{};
}

Result<Release::Stored> Release::read(const Ledger& ledger, std::uint64_t position) {
  auto stored = stored_at(ledger, batch_, position);
  if (!stored) return pass_on(stored);
  const auto& row = stored->certificate;
  if (!row || row->state != CertificateState::Issued) return Stored{std::move(*stored), {}, {}};
  auto line = ledger.line(row->entry);
  auto above = above_of(ledger, *row);
  return Stored{std::move(*stored), std::move(line), std::move(above)};
}

// Of one request alone, and so on any thread.
Result<Release::Looked> Release::look_at(Stored stored) {
  auto planned = planned_verdict(stored);
  if (!planned) return pass_on(planned);
  const auto& row = stored.certificate;
  Looked looked;
  looked.issuer = stored.request.issuer;
  if (!looked.issuer.empty()) {
    const auto to_be_signed = row ? ByteView(row->to_be_signed) : ByteView();
    looked.lines.requests = request_line(*planned, to_be_signed) + "\n";
    if (!to_be_signed.empty()) looked.lines.leaves = to_hex(log::leaf_hash(to_be_signed)) + "\n";
  }
  looked.verdict = verdict_now(std::move(*planned), stored);
  if (!row) return looked;
  looked.missing = row->state == CertificateState::Planned || row->state == CertificateState::Started;
  if (row->state != CertificateState::Issued) return looked;
  auto digest = IssuedCertificate::digest_of(*row, std::move(stored.line));
  if (!digest) return pass_on(digest);
  if (!stored.above) return pass_on(stored.above);
  looked.leaving = Leaving{.certificate = *digest,
                           .entry = row->entry,
                           .stem = fmt::format("{}/{}/{}", row->issuer, row->profile, row->name),
                           .above = *stored.above};
  for (auto& file : certificate_files(looked.leaving->stem, row->certificate, **stored.above)) {
    looked.sums.emplace_back(std::move(file.path), sha256(file.octets));
  }
  return looked;
}

// Gives the member of the report.
Json Release::add(Looked looked) {
  if (!looked.issuer.empty()) {
    auto& lines = lines_[looked.issuer];
    lines.requests += looked.lines.requests;
    lines.leaves += looked.lines.leaves;
  }
  if (looked.missing) ++missing_;
  leaving_.push_back(std::move(looked.leaving));
  sums_.insert(std::move_iterator(looked.sums.begin()), std::move_iterator(looked.sums.end()));
  return std::move(looked.verdict);
}

Result<std::shared_ptr<const IssuerFiles>> Release::above_of(const Ledger& ledger, const CertificateRow& row) {
  auto known = above_.find(row.issuer);
  if (known == above_.end()) {
    auto chain = chain_of(ledger, row.issuer);
    if (!chain) {
      // An issuer that is not active can have signed nothing but its own certificate.
      const auto own = Certificate::parse(row.certificate);
      if (own && own->self_issued()) return nothing_above();
      return pass_on(chain);
    }
    known = above_
                .emplace(row.issuer, Above{.issuer = chain->front().subject(),
                                           .files = std::make_shared<IssuerFiles>(issuer_files(*chain))})
                .first;
  }
  return row.subject == known->second.issuer ? nothing_above() : known->second.files;
}

}  // namespace sealroom
