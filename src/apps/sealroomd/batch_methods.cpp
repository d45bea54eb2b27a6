#include <algorithm>

#include <fmt/format.h>

#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/wire/message.hpp"

// Methods about batches on their way in, through and out.
namespace sealroom::daemon {
namespace {

constexpr std::size_t kPieceOctets = 256 * 1024;  // of a file that leaves
constexpr std::uint64_t kPartsOfAnswer = 1000;

constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestPrintablePath = 4 * kLongestPath;
constexpr std::size_t kLongestFinding = 64;
constexpr std::size_t kLongestRemark = 1024;  // a detail or a reason

// One member of import.add's "files": {"path": base64} and one of "octets" (base64), "refused" {id, detail},
// "ignored" (a reason).
Result<Found> found_of(const Json& file) {
  Parameters parameters(file);
  const auto path = from_base64(parameters.text("path"));
  const auto octets = parameters.text_or("octets", "-");
  const auto id = parameters.text_or("refused", "", kLongestFinding);
  const auto detail = parameters.text_or("detail", "", kLongestRemark);
  const auto reason = parameters.text_or("ignored", "", kLongestRemark);
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  if (!path || path->empty()) return fail(ErrorKind::Usage, "a path is not base64");
  if (path->size() > kLongestPath)
    return fail(ErrorKind::Usage, fmt::format("a path is longer than {} octets", kLongestPath));
  std::string name(as_text(*path));
  if (!id.empty()) return Found(UnreadableFile{std::move(name), printable(id), printable(detail)});
  if (!reason.empty()) return Found(IgnoredFile{std::move(name), printable(reason)});
  auto content = from_base64(octets);
  if (!content) return fail(ErrorKind::Usage, fmt::format("{}: its octets are not base64", printable(name)));
  return Found(Submission{std::move(name), std::move(*content)});
}

Json json_of(const PlannedBatch& batch) {
  return {{"batch", batch.id},
          {"requests", batch.requests},
          {"accepted", batch.accepted},
          {"needs_person", batch.needs_person}};
}

// The next pieces of what leaves, as much as fits one answer.
Result<Json> pieces(const Ledger& ledger, Outgoing& outgoing) {
  Json files = Json::array();
  Json::binary_t octets;
  octets.reserve(kAnswerOctets + kPieceOctets);
  std::size_t about_files = 0;
  auto& release = *outgoing.release;
  const auto last_part = std::min(release.parts(), outgoing.next_part + kPartsOfAnswer);
  while (octets.size() + about_files < kAnswerOctets) {
    if (outgoing.waiting.empty()) {
      if (outgoing.next_part == last_part) break;
      auto part = release.part(ledger, outgoing.next_part);
      if (!part) return pass_on(part);
      ++outgoing.next_part;
      for (auto& file : *part) outgoing.waiting.push_back(std::move(file));
      continue;
    }
    const auto& file = outgoing.waiting.front();
    const auto piece = ByteView(file.octets).subspan(outgoing.sent_of_first);
    const auto size = std::min(piece.size(), kPieceOctets);
    const bool last = size == piece.size();
    files.push_back({{"path", file.path}, {"mode", file.mode}, {"size", size}, {"last", last}});
    about_files += file.path.size() + 64;
    octets.insert(octets.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size));
    outgoing.sent_of_first = last ? 0 : outgoing.sent_of_first + size;
    if (last) outgoing.waiting.pop_front();
  }
  const bool more = !outgoing.waiting.empty() || outgoing.next_part < release.parts();
  return Json{{"files", std::move(files)}, {"more", more}, {wire::kRawMember, Json(std::move(octets))}};
}

}  // namespace

void job_look(Daemon& daemon, Request& request, const wire::Reply& reply) {
  Parameters parameters(request.parameters);
  const auto job = parameters.text("job");
  const bool wait = parameters.flag("wait");
  auto understood = parameters.done();
  if (!understood) return reply(pass_on(understood));
  if (wait) return daemon.jobs.wait(job, request.peer.uid, reply);
  reply(daemon.jobs.look(job, request.peer.uid));
}

Result<Json> import_add(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto* files = parameters.list("files");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto& session = request.session;
  const std::lock_guard guard(session->upload_mutex);
  const auto& limits = daemon.configuration.limits().inbox;
  for (const auto& json : *files) {
    if (!json.is_object()) return fail(ErrorKind::Usage, "a member of \"files\" is not an object");
    auto file = found_of(json);
    if (!file) return pass_on(file, "import");
    auto added = session->upload.add(*file);
    if (added && session->upload.files() > limits.files) {
      added = fail(ErrorKind::Failed, fmt::format("the medium has more than {} files", limits.files),
                   "import it in smaller parts");
    }
    if (added) continue;
    session->upload.clear();
    return pass_on(added, "import");
  }
  return Json{{"files", session->upload.files()}};
}

Result<Json> import_run(Daemon&, Request& request, const Work& work) {
  // Whatever becomes of this call, the next one begins with an empty table.
  auto upload = [&] {
    const std::lock_guard guard(request.session->upload_mutex);
    return std::move(request.session->upload);
  }();
  Parameters parameters(request.parameters);
  Wish wish;
  if (const auto days = parameters.number("days"))
    wish.days = static_cast<int>(std::min<std::uint64_t>(*days, 1'000'000));
  wish.not_before = parameters.moment("not_before");
  wish.not_after = parameters.moment("not_after");
  const auto reissue = parameters.text_or("reissue", "", kLongestPrintablePath);
  const auto reason = parameters.text_or("reason", "", kLongestRemark);
  const auto* taken = request.parameters.contains("taken") ? parameters.list("taken") : nullptr;
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  Intake intake{.each_file = [&](const auto& visit) { return upload.each(visit); }, .wish = wish};
  for (const auto& name : taken == nullptr ? Json::array() : *taken) {
    if (!name.is_string()) return fail(ErrorKind::Usage, "a member of \"taken\" is not a string");
    intake.taken.insert(name.get<std::string>());
  }
  if (reissue.empty() != trimmed(reason).empty()) {
    return fail(ErrorKind::Usage, "a reissue needs the file and a reason", "import MEDIUM --reissue FILE --reason WHY");
  }
  if (!reissue.empty()) intake.reissue.emplace(reissue, printable(reason));
  auto batch = plan(work, intake);
  if (!batch) return pass_on(batch);
  auto covered = checkpoint_if_unlocked(work);
  if (!covered) return pass_on(covered, fmt::format("batch {} is imported, but no checkpoint covers it", batch->id));
  return json_of(*batch);
}

Result<Json> batch_replan(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto batch = replan(work, id);
  if (!batch) return pass_on(batch);
  return json_of(*batch);
}

Result<Json> sign_batch(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  const auto issuer = parameters.text_or("issuer", "");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto batch = sign(work, id, issuer);
  if (!batch) return pass_on(batch);
  Json answer{
      {"batch", batch->id}, {"issued", batch->issued}, {"withheld", batch->withheld}, {"waiting", Json::array()}};
  for (const auto& waiting : batch->waiting) {
    answer["waiting"].push_back(
        {{"issuer", waiting.issuer}, {"certificates", waiting.certificates}, {"reason", waiting.reason}});
  }
  return answer;
}

Result<Json> export_describe(Daemon& daemon, Request& request) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto release = Release::of(daemon.reading, daemon.configuration, id, daemon.appliance.threads);
  if (!release) return pass_on(release);
  return Json{{"batch", id}, {"missing", release->missing()}, {"content_sha256", to_hex(release->content())}};
}

Result<Json> export_open(Daemon& daemon, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto id = parameters.text("batch");
  const bool partial = parameters.flag("partial");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto release = Release::of(daemon.ledger, daemon.configuration, id, daemon.appliance.threads);
  if (!release) return pass_on(release);
  if (release->missing() > 0 && !partial) {
    return fail(ErrorKind::NeedsPerson,
                fmt::format("batch {} has {} certificate(s) that are not signed yet", id, release->missing()),
                fmt::format("sealroom sign {}, or export with --partial", id));
  }
  auto announced = release->announce(work);
  if (!announced) return pass_on(announced);
  Json answer{{"batch", id}, {"missing", release->missing()}, {"content_sha256", to_hex(release->content())}};
  const std::lock_guard guard(request.session->outgoing_mutex);
  request.session->outgoing = {};
  request.session->outgoing.release = std::make_shared<Release>(std::move(*release));
  return answer;
}

Result<Json> export_next(Daemon& daemon, Request& request) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  auto& session = request.session;
  const std::lock_guard guard(session->outgoing_mutex);
  if (!session->outgoing.release) return fail(ErrorKind::Usage, "nothing is being exported on this connection");
  auto answer = pieces(daemon.reading, session->outgoing);
  if (!answer || !answer->at("more").get<bool>()) session->outgoing = {};
  return answer;
}

}  // namespace sealroom::daemon
