#include "jobs.hpp"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace sealroom::daemon {
namespace {

std::uint64_t number_of(const std::string& job) {
  std::uint64_t number = 0;
  const auto [end, trouble] = std::from_chars(job.data(), job.data() + job.size(), number);
  return trouble == std::errc() && end == job.data() + job.size() ? number : 0;
}

Result<Json> no_such_job() { return fail(ErrorKind::Usage, "there is no such job, or it is not yours"); }

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
  while (!known.waiting.empty() && Clock::now() - known.waiting.front().since >= kBetweenAnswers) answer_first(known);
}

void Jobs::finish(const std::string& job, Result<Json> result) {
  const std::lock_guard guard(mutex_);
  auto& known = jobs_[number_of(job)];
  known.result = std::move(result);
  while (!known.waiting.empty()) answer_first(known);
}

Result<Json> Jobs::look(const std::string& job, uid_t asking) {
  const std::lock_guard guard(mutex_);
  const auto* known = find(job, asking);
  return known == nullptr ? no_such_job() : state_of(*known);
}

void Jobs::wait(const std::string& job, uid_t asking, const wire::Reply& reply) {
  const std::lock_guard guard(mutex_);
  auto* known = find(job, asking);
  if (known == nullptr) return reply(no_such_job());
  known->waiting.push_back({Clock::now(), reply});
  if (known->result || known->waiting.size() > kWaiting) answer_first(*known);
}

Jobs::Job* Jobs::find(const std::string& job, uid_t asking) {
  const auto found = jobs_.find(number_of(job));
  return found == jobs_.end() || (found->second.owner != asking && asking != 0) ? nullptr : &found->second;
}

Result<Json> Jobs::state_of(const Job& job) {
  if (!job.result) return Json{{"state", "running"}, {"done", job.done}, {"total", job.total}};
  if (!*job.result) return std::unexpected<Error>(job.result->error());
  return Json{{"state", "done"}, {"result", **job.result}};
}

void Jobs::answer_first(Job& job) {
  const auto first = std::move(job.waiting.front());
  job.waiting.pop_front();
  try {
    first.reply(state_of(job));
  } catch (const std::bad_alloc&) {
    return;  // a reply that is let go answers for itself
  }
}

}  // namespace sealroom::daemon
