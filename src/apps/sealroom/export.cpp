#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "batches.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/media/outbox.hpp"
#include "sealroom/wire/message.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kAnswersAhead = 3;  // of at most a frame each

bool sums_agree(const std::map<std::string, Digest>& files) {
  const auto others = digest_of_sums(files, [](const std::string& path) { return path != kSumsFile; });
  const auto sums = files.find(kSumsFile);
  return sums != files.end() && sums->second == others;
}

// Whether the folder holds the export of this very batch. Error (Failed) when it holds something else.
Result<bool> already_there(wire::Client& client, const std::string& folder, const std::string& batch) {
  std::error_code trouble;
  if (!std::filesystem::exists(std::filesystem::symlink_status(folder, trouble))) return false;
  auto about = client.call("export.describe", {{"batch", batch}});
  if (!about) return pass_on(about);
  auto files = digests_below(folder);
  if (!files) return pass_on(files);
  if (!sums_agree(*files)) {
    return fail(
        ErrorKind::Failed,
        fmt::format("{}: is there already, and its files are not the ones in its SHA256SUMS", printable(folder)),
        "move the folder away and export again");
  }
  if (to_hex(digest_of_sums(*files, is_export_content)) == about->at("content_sha256")) return true;
  return fail(
      ErrorKind::Failed,
      fmt::format("{}: is there already with other contents: from another appliance, or from when less was signed",
                  printable(folder)),
      "move the folder away and export again");
}

// Writes the pieces of one answer; `begun` holds what came of a file that is not complete.
Result<Done> write_pieces(const Json& answer, Outbox& outbox, Bytes& begun) {
  ByteView octets = answer.at(wire::kRawMember).get_binary();
  for (const auto& piece : answer.at("files")) {
    const auto size = piece.at("size").get<std::size_t>();
    if (size > octets.size()) return fail(ErrorKind::Failed, "the daemon's answer has less than it says");
    const auto part = octets.first(size);
    octets = octets.subspan(size);
    begun.insert(begun.end(), part.begin(), part.end());
    if (!piece.at("last").get<bool>()) continue;
    auto written = outbox.write_behind(piece.at("path").get<std::string>(), std::exchange(begun, {}),
                                       piece.at("mode").get<mode_t>());
    if (!written) return written;
  }
  return Done{};
}

// Asks nothing of an answer's shape: whoever takes it does.
bool more_behind(const Result<Json>& answer) {
  return answer && answer->is_object() && answer->value("more", Json()) == true;
}

// What the daemon sends, asked for ahead on a thread of its own: the next answers are made while one is written.
class Answers {
 public:
  explicit Answers(wire::Client& client) : client_(client) {
    try {
      asking_ = std::async(std::launch::async, [this] {
        const Ending ending(*this);
        ask_ahead();
      });
    } catch (const std::system_error&) {
      return;  // no thread is to be had: next() asks
    }
  }

  ~Answers() {
    const std::lock_guard guard(mutex_);
    unwanted_ = true;
    changed_.notify_all();
  }

  Result<Json> next() {
    if (!asking_.valid()) return ask();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || ended_; });
    if (waiting_.empty()) {
      lock.unlock();
      asking_.get();  // throws what ended it
      return fail(ErrorKind::Failed, "the daemon has no more answers");
    }
    auto answer = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return answer;
  }

 private:
  // Tells next() that nothing more comes, whatever the reason.
  struct Ending {
    explicit Ending(Answers& its_answers) : answers(its_answers) {}
    ~Ending() {
      const std::lock_guard guard(answers.mutex_);
      answers.ended_ = true;
      answers.changed_.notify_all();
    }
    Answers& answers;
  };

  Result<Json> ask() { return client_.call("export.next"); }

  void ask_ahead() {
    for (bool more = true; more;) {
      auto answer = ask();
      more = more_behind(answer);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return unwanted_ || waiting_.size() < kAnswersAhead; });
      if (unwanted_) return;
      waiting_.push_back(std::move(answer));
      changed_.notify_all();
    }
  }

  wire::Client& client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<Json>> waiting_;
  bool unwanted_ = false;
  bool ended_ = false;
  std::future<void> asking_;  // the last member: its end is awaited before the others go
};

Result<Done> write_all(wire::Client& client, Outbox& outbox) {
  Answers answers(client);
  Bytes begun;
  for (;;) {
    auto answer = answers.next();
    if (!answer) return pass_on(answer);
    auto written = write_pieces(*answer, outbox, begun);
    if (!written) return written;
    if (!answer->at("more").get<bool>()) return outbox.settle();
  }
}

}  // namespace

Result<Exported> export_to(wire::Client& client, const std::string& batch, const std::string& medium, bool partial,
                           const std::function<void()>& meanwhile) {
  auto known = client.call("batch.show", {{"batch", batch}});
  if (!known) return pass_on(known);
  Exported exported{.folder = medium + "/issued/" + batch, .already_there = false};
  auto there = already_there(client, exported.folder, batch);
  if (!there) return pass_on(there);
  exported.already_there = *there;
  if (*there) return exported;

  // The medium is tried before the daemon is told that something leaves.
  auto outbox = Outbox::create(medium, "issued", batch);
  if (!outbox) return pass_on(outbox);
  auto opened = call_job(client, "export.open", {{"batch", batch}, {"partial", partial}}, "exporting");
  if (!opened) return pass_on(opened);
  auto written = write_all(client, *outbox);
  if (!written) return pass_on(written);
  if (!sums_agree(outbox->written())) {
    return fail(ErrorKind::Failed, "what the daemon sent is not what its SHA256SUMS says", "export again");
  }
  auto finishing = std::async(std::launch::async | std::launch::deferred, [&outbox] { return outbox->finish(); });
  meanwhile();
  auto finished = finishing.get();
  if (!finished) return pass_on(finished);
  return exported;
}

Result<int> export_batch(const Command& command) {
  Words words(command);
  words.options()("partial", "");
  auto read = words.read(command.words, 2, 2);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto exported = export_to(*client, words.plain()[0], words.plain()[1], words.given("partial"));
  if (!exported) return pass_on(exported);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-export/1"},
           {"batch", words.plain()[0]},
           {"folder", printable(exported->folder)},
           {"already_there", exported->already_there}});
  } else {
    say(fmt::format(
        "{} {}", printable(exported->folder),
        exported->already_there ? "is there already, complete and equal" : "is written, read back and synced"));
  }
  return kDone;
}

}  // namespace sealroom::cli
