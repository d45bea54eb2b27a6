#include "jobs.hpp"

#include <algorithm>
#include <charconv>

namespace sealroom::daemon {
namespace {

std::uint64_t number_of(const std::string& job) {
  std::uint64_t number = 0;
  const auto [end, trouble] = std::from_chars(job.data(), job.data() + job.size(), number);
  return trouble == std::errc() && end == job.data() + job.size() ? number : 0;
}

}  // namespace

Result<std::string> Jobs::start(uid_t owner) {
  const std::lock_guard guard(mutex_);
  const auto unfinished = [](const auto& job) { return !job.second.result; };
  const auto ours = [&](const auto& job) { return job.second.owner == owner; };
  if (std::ranges::count_if(jobs_, unfinished) >= kUnfinished || std::ranges::count_if(jobs_, [&](const auto& job) {
                                                                   return ours(job) && unfinished(job);
                                                                 }) >= kUnfinishedOfUser) {
    return fail(ErrorKind::Failed, "too many jobs wait to be done", "try again when some have ended");
  }
  const auto finished = [&](const auto& job) { return ours(job) && !unfinished(job); };
  if (std::ranges::count_if(jobs_, finished) >= kFinishedOfUser) jobs_.erase(std::ranges::find_if(jobs_, finished));
  jobs_[next_].owner = owner;
  return std::to_string(next_++);
}

void Jobs::progress(const std::string& job, std::uint64_t done, std::uint64_t total) {
  const std::lock_guard guard(mutex_);
  auto& known = jobs_[number_of(job)];
  known.done = done;
  known.total = total;
}

void Jobs::finish(const std::string& job, Result<Json> result) {
  const std::lock_guard guard(mutex_);
  jobs_[number_of(job)].result = std::move(result);
}

Result<Json> Jobs::look(const std::string& job, uid_t asking) const {
  const std::lock_guard guard(mutex_);
  const auto found = jobs_.find(number_of(job));
  if (found == jobs_.end() || (found->second.owner != asking && asking != 0)) {
    return fail(ErrorKind::Usage, "there is no such job, or it is not yours");
  }
  const auto& known = found->second;
  if (!known.result) return Json{{"state", "running"}, {"done", known.done}, {"total", known.total}};
  if (!*known.result) return std::unexpected<Error>(known.result->error());
  return Json{{"state", "done"}, {"result", **known.result}};
}

}  // namespace sealroom::daemon
