#include <utility>

#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/base/text.hpp"

// Methods that look at batches: on the reading desk. However large a batch is, an answer holds a page of it.
namespace sealroom::daemon {
namespace {

Json json_of(const BatchRow& row) {
  return {
      {"batch", row.id}, {"created", to_rfc3339(row.created)}, {"requests", row.requests}, {"accepted", row.accepted}};
}

std::unexpected<Error> no_batch(const std::string& batch) {
  return fail(ErrorKind::Usage, fmt::format("there is no batch {}", printable(batch)), "see `sealroom batch list`");
}

// As much of a report as fits one answer.
class Page {
 public:
  // False, and nothing added, when it is full; one part always fits.
  bool add(const char* list, Json part) {
    const auto octets = part.dump().size();
    if (octets_ > 0 && octets_ + octets > kAnswerOctets) return false;
    octets_ += octets;
    answer_[list].push_back(std::move(part));
    return true;
  }

  Json until(std::uint64_t next, bool more = true) && {
    answer_["next"] = next;
    answer_["more"] = more;
    return std::move(answer_);
  }

 private:
  Json answer_{{"requests", Json::array()}, {"ignored", Json::array()}};
  std::size_t octets_ = 0;
};

}  // namespace

Result<Json> batch_list(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  auto rows = daemon.reading.batches();
  if (!rows) return pass_on(rows);
  Json answer{{"format", "sealroom-batches/1"}, {"batches", Json::array()}};
  for (const auto& row : *rows) {
    if (answer["batches"].size() == kPage) break;
    answer["batches"].push_back(json_of(row));
  }
  answer["more"] = rows->size() > kPage;
  return answer;
}

Result<Json> batch_show(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto row = daemon.reading.batch(id);
  if (!row) return pass_on(row);
  if (!*row) return no_batch(id);
  Json answer = json_of(**row);
  answer["format"] = "sealroom-batch/1";
  auto plans = daemon.reading.plans(id);
  if (!plans) return pass_on(plans);
  answer["plans"] = Json::array();
  for (const auto& plan : *plans) {
    auto document = parse_json(plan.document, "plan");
    if (!document) return pass_on(document);
    answer["plans"].push_back({{"issuer", plan.issuer},
                               {"digest", to_hex(plan.digest)},
                               {"valid_until", to_rfc3339(plan.valid_until)},
                               {"document", std::move(*document)}});
  }
  return answer;
}

// The requests of a batch, and behind the last of them the files that were ignored: `from` counts through both.
Result<Json> batch_report(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  auto position = parameters.number("from").value_or(0);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto row = daemon.reading.batch(id);
  if (!row) return pass_on(row);
  if (!*row) return no_batch(id);
  const auto requests = (*row)->requests;
  Page page;
  bool full = false;
  auto read = daemon.reading.at_one_moment([&]() -> Result<Done> {
    for (; position < requests; ++position) {
      auto verdict = verdict_at(daemon.reading, id, position);
      if (!verdict) return pass_on(verdict);
      full = !page.add("requests", std::move(*verdict));
      if (full) break;
    }
    return Done{};
  });
  if (!read) return pass_on(read);
  if (full) return std::move(page).until(position);
  auto ignored = parse_json((*row)->ignored, "ignored files");
  if (!ignored) return pass_on(ignored);
  for (; position - requests < ignored->size(); ++position) {
    if (!page.add("ignored", std::move((*ignored)[position - requests]))) return std::move(page).until(position);
  }
  return std::move(page).until(position, false);
}

}  // namespace sealroom::daemon
