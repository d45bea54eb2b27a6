#include "jobs.hpp"

#include <charconv>

namespace sealroom::daemon {
namespace {

std::uint64_t number_of(const std::string& job) {
  std::uint64_t number = 0;
  const auto [end, trouble] = std::from_chars(job.data(), job.data() + job.size(), number);
  return trouble == std::errc() && end == job.data() + job.size() ? number : 0;
}

}  // namespace

std::string Jobs::start(uid_t owner) {
  const std::lock_guard guard(mutex_);
  for (auto job = jobs_.begin(); jobs_.size() >= kKept && job != jobs_.end();) {
    job = job->second.result ? jobs_.erase(job) : std::next(job);
  }
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
