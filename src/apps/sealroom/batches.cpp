#include "batches.hpp"

#include <deque>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "report_printer.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/media/inbox.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kMessageOctets = 600 * 1024;
constexpr std::size_t kPagesAhead = 2;

Json json_of(const Found& file) {
  Json json{{"path", to_base64(as_bytes(path_of(file)))}};
  if (const auto* submission = std::get_if<Submission>(&file)) json["octets"] = to_base64(submission->octets);
  if (const auto* unreadable = std::get_if<UnreadableFile>(&file)) {
    json["refused"] = unreadable->id;
    json["detail"] = unreadable->detail;
  }
  if (const auto* ignored = std::get_if<IgnoredFile>(&file)) json["ignored"] = ignored->reason;
  return json;
}

std::size_t weight_of(const Found& file) {
  const auto* submission = std::get_if<Submission>(&file);
  return path_of(file).size() * 2 + 512 + (submission == nullptr ? 0 : submission->octets.size() * 4 / 3);
}

// Sender takes the files of a medium to the daemon, as many at a time as a message holds.
class Sender {
 public:
  explicit Sender(wire::Client& client) : client_(client) {}

  Result<Done> add(const Found& file) {
    files_.push_back(json_of(file));
    octets_ += weight_of(file);
    return octets_ < kMessageOctets ? Result<Done>(Done{}) : send();
  }

  Result<Done> finish() {
    auto sent = files_.empty() ? Result<Done>(Done{}) : send();
    progress_.end();
    return sent;
  }

 private:
  Result<Done> send() {
    sent_ += files_.size();
    auto taken = client_.call("import.add", {{"files", std::exchange(files_, Json::array())}});
    if (!taken) return pass_on(taken);
    octets_ = 0;
    progress_.show(sent_, 0);
    return Done{};
  }

  wire::Client& client_;
  Json files_ = Json::array();
  std::size_t octets_ = 0;
  std::uint64_t sent_ = 0;
  Progress progress_{"reading"};
};

// Batches that lie on the medium, of this appliance or another: at most what fits a message.
Json batches_on(const std::string& medium) {
  constexpr std::size_t kMost = 10'000;
  Json names = Json::array();
  std::error_code trouble;
  for (std::filesystem::directory_iterator entry(medium + "/issued", trouble), end; !trouble && entry != end;
       entry.increment(trouble)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with("B-") && name.size() < 40 && names.size() < kMost) names.push_back(printable(name));
  }
  return names;
}

struct WishOptions {
  Json wish = Json::object();
  std::vector<std::string> words;
};

Result<WishOptions> read_wish(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  std::uint64_t days = 0;
  words.options()("days", po::value(&days))("not-before", po::value<std::string>())(
      "not-after", po::value<std::string>())("reissue", po::value<std::string>())("reason", po::value<std::string>());
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  WishOptions options{.wish = Json::object(), .words = words.plain()};
  if (words.given("days")) options.wish["days"] = days;
  if (words.given("not-before")) options.wish["not_before"] = words.text("not-before");
  if (words.given("not-after")) options.wish["not_after"] = words.text("not-after");
  if (words.given("reissue")) options.wish["reissue"] = words.text("reissue");
  if (words.given("reason")) options.wish["reason"] = words.text("reason");
  return options;
}

// The pages of a batch's report, one after the other.
class ReportPages {
 public:
  ReportPages(wire::Client& client, std::string batch) : client_(client), batch_(std::move(batch)) {}

  const std::string& batch() const { return batch_; }
  bool more() const { return !waiting_.empty() || more_; }

  Result<Json> next() {
    if (waiting_.empty()) return ask();
    auto page = std::move(waiting_.front());
    waiting_.pop_front();
    return page;
  }

  // Has the first `most` pages wait for next().
  void ask_ahead(std::size_t most) {
    while (more_ && waiting_.size() < most) waiting_.push_back(ask());
  }

 private:
  Result<Json> ask() {
    auto page = client_.call("batch.report", {{"batch", batch_}, {"from", from_}});
    more_ = page && page->at("more").get<bool>();
    if (more_) from_ = page->at("next");
    return page;
  }

  wire::Client& client_;
  std::string batch_;
  Json from_ = 0;
  bool more_ = true;
  std::deque<Result<Json>> waiting_;
};

Result<int> print_pages(Output output, ReportPages pages) {
  std::optional<ReportPrinter> printer;
  while (pages.more()) {
    auto page = pages.next();
    if (!page) return pass_on(page);
    if (!printer) printer.emplace(output, pages.batch());
    for (const auto& verdict : page->at("requests")) printer->request(verdict);
    for (const auto& file : page->at("ignored")) printer->ignored(file);
  }
  return printer->end();
}

Result<int> print_report(const Command& command, ReportPages pages) {
  auto code = print_pages(command.output, std::move(pages));
  if (code && command.output == Output::Json) say("");
  return code;
}

int code_of(const Json& imported, int otherwise) {
  return imported.at("needs_person").get<bool>() ? kNeedsPerson : otherwise;
}

}  // namespace

Result<int> print_report(const Command& command, wire::Client& client, const std::string& batch) {
  return print_report(command, ReportPages(client, batch));
}

Result<Json> import_medium(wire::Client& client, const std::string& medium, Json wish) {
  Sender sender(client);
  auto read = read_requests(medium, {}, [&](const Found& file) { return sender.add(file); });
  if (!read) return pass_on(read);
  auto sent = sender.finish();
  if (!sent) return pass_on(sent);
  wish["taken"] = batches_on(medium);
  return call_job(client, "import.run", wish, "deciding");
}

Result<int> import(const Command& command) {
  auto options = read_wish(command);
  if (!options) return pass_on(options);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto batch = import_medium(*client, options->words[0], options->wish);
  if (!batch) return pass_on(batch);
  auto code = print_report(command, *client, batch->at("batch"));
  if (!code) return pass_on(code);
  return code_of(*batch, *code);
}

Result<int> process(const Command& command) {
  auto options = read_wish(command);
  if (!options) return pass_on(options);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto status = client->call("status");
  if (!status) return pass_on(status);
  auto sound = ledger_is_sound(*status);
  if (!sound) return pass_on(sound);
  if (status->at("gaps").get<std::size_t>() > 0) {
    return fail(ErrorKind::Integrity,
                "a token remembers what this ledger does not have, so nothing is signed; nothing was imported",
                "see `sealroom status`");
  }
  if (status->at("started").get<std::size_t>() > 0) {
    return fail(ErrorKind::NeedsPerson,
                "certificates were started and have no outcome, so nothing can be signed; nothing was imported",
                "see `sealroom status`");
  }
  const std::string role = status->at("role");
  if (role != "officer" && role != "admin") {
    return fail(ErrorKind::Failed,
                fmt::format("sign needs the role officer, and yours is {}; nothing was imported", role),
                "sealroom import; then an officer signs, and sealroom export");
  }
  for (const auto& key : status->at("keys")) {
    if (key.at("owner") != "log" || key.at("usable").get<bool>()) continue;
    if (key.at("unlocked").get<bool>()) {
      return fail(ErrorKind::NeedsPerson,
                  "the log has no usable key, so nothing can be signed or exported; nothing was imported",
                  "a new home gets its keys in a ceremony: sealroom ceremony run; else see `sealroom status`");
    }
    return fail(ErrorKind::NeedsPerson,
                "the log key is locked, so nothing can be signed or exported; nothing was imported",
                "sealroom unlock --all");
  }
  auto batch = import_medium(*client, options->words[0], options->wish);
  if (!batch) return pass_on(batch);
  const std::string id = batch->at("batch");
  auto signed_batch = call_job(*client, "sign", {{"batch", id}}, "signing");
  if (!signed_batch) return pass_on(signed_batch, id);
  if (!signed_batch->at("waiting").empty()) {
    auto so_far = print_report(command, *client, id);
    if (!so_far) return pass_on(so_far, id);
    const auto& first = signed_batch->at("waiting")[0];
    return fail(ErrorKind::NeedsPerson, fmt::format("batch {}: {}", id, first.at("reason").get<std::string>()),
                fmt::format("sealroom unlock {}, then sealroom sign {} and sealroom export {} {}",
                            first.at("issuer").get<std::string>(), id, id, printable(options->words[0])));
  }
  ReportPages report(*client, id);
  auto exported = export_to(*client, id, options->words[0], false, [&report] { report.ask_ahead(kPagesAhead); });
  if (!exported && exported.error().kind == ErrorKind::Failed) {
    exported.error().hint = fmt::format("the certificates are safe in the ledger: sealroom export {} MEDIUM", id);
  }
  if (!exported) return pass_on(exported, id);
  auto code = print_report(command, std::move(report));
  if (!code) return pass_on(code);
  if (command.output == Output::People) say(fmt::format("wrote {}", printable(exported->folder)));
  return code_of(*batch, *code);
}

Result<int> sign(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  const auto parts = split(words.plain()[0], '/');
  if (parts.size() > 2)
    return fail(ErrorKind::Usage, fmt::format("\"{}\" is not BATCH or BATCH/ISSUER", printable(words.plain()[0])));
  Json parameters{{"batch", std::string(parts[0])}};
  if (parts.size() == 2) parameters["issuer"] = std::string(parts[1]);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto answer = call_job(*client, "sign", parameters, "signing");
  if (!answer) return pass_on(answer);
  if (command.output == Output::Json) {
    (*answer)["format"] = "sealroom-sign/1";
    print(*answer);
  } else {
    say(fmt::format("batch {}: {} issued, {} withheld", parts[0], answer->at("issued").get<std::uint64_t>(),
                    answer->at("withheld").get<std::uint64_t>()));
    for (const auto& waiting : answer->at("waiting")) {
      say(fmt::format("waits: {} certificate(s) of {}: {}", waiting.at("certificates").get<std::uint64_t>(),
                      waiting.at("issuer").get<std::string>(), waiting.at("reason").get<std::string>()));
    }
  }
  if (!answer->at("waiting").empty()) return kNeedsPerson;
  return answer->at("withheld").get<std::uint64_t>() > 0 ? kSomeRefused : kDone;
}

Result<int> batch_list(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  return show(command, "batch.list", Json::object(), [](const Json& answer) {
    for (const auto& batch : answer.at("batches")) {
      say(fmt::format("{}  {}  {} request(s), {} accepted", batch.at("batch").get<std::string>(),
                      batch.at("created").get<std::string>(), batch.at("requests").get<std::uint64_t>(),
                      batch.at("accepted").get<std::uint64_t>()));
    }
    if (answer.at("batches").empty()) say("there are no batches yet");
  });
}

Result<int> batch_show(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto about = client->call("batch.show", {{"batch", words.plain()[0]}});
  if (!about) return pass_on(about);
  if (command.output == Output::Json) {
    auto text = about->dump(-1, ' ', true);
    text.pop_back();
    std::cout << text << ",\"report\":";
    auto report = print_pages(command.output, ReportPages(*client, words.plain()[0]));
    if (!report) return pass_on(report);
    say("}");
    return kDone;
  }
  say(fmt::format("batch {} of {}", words.plain()[0], about->at("created").get<std::string>()));
  for (const auto& plan : about->at("plans")) {
    say(fmt::format("plan {}/{}: {} certificate(s), valid until {}\n  digest {}", words.plain()[0],
                    plan.at("issuer").get<std::string>(), plan.at("document").at("count").get<std::uint64_t>(),
                    plan.at("valid_until").get<std::string>(), plan.at("digest").get<std::string>()));
  }
  auto report = print_pages(command.output, ReportPages(*client, words.plain()[0]));
  if (!report) return pass_on(report);
  return kDone;
}

Result<int> batch_replan(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto batch = call_job(*client, "batch.replan", {{"batch", words.plain()[0]}}, "deciding");
  if (!batch) return pass_on(batch);
  auto code = print_report(command, *client, batch->at("batch"));
  if (!code) return pass_on(code);
  return code_of(*batch, *code);
}

}  // namespace sealroom::cli
