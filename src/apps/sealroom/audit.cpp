#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom::cli {
namespace {

void show_entry(const std::string& line) {
  auto entry = log::parse_line(line);
  if (!entry) {
    say("unreadable: " + printable(line));
    return;
  }
  say(fmt::format("{:>6}  {}  {:<24} {:<8} {} (uid {})  {}", entry->seq, to_rfc3339(entry->context.time),
                  entry->event.name, entry->event.outcome, entry->context.actor.role, entry->context.actor.uid,
                  entry->event.details.dump()));
}

// Calls `visit` with every line from `from` to before `to`, of one batch or of all.
Result<Done> each_line(wire::Client& client, Json parameters, const std::function<void(const std::string&)>& visit) {
  for (bool more = true; more;) {
    auto answer = client.call("audit.lines", parameters);
    if (!answer) return pass_on(answer);
    for (const auto& line : answer->at("lines")) visit(line.get<std::string>());
    parameters["from"] = answer->at("next");
    more = answer->at("more").get<bool>();
  }
  return Done{};
}

}  // namespace

Result<int> audit_show(const Command& command) {
  namespace po = boost::program_options;
  Words words(command);
  std::uint64_t from = 0;
  words.options()("batch", po::value<std::string>())("from", po::value(&from));
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto shown = each_line(*client, {{"from", from}, {"batch", words.text("batch")}}, [&](const std::string& line) {
    if (command.output == Output::Json) {
      say(line);  // the exact octets, one entry a line
    } else {
      show_entry(line);
    }
  });
  if (!shown) return pass_on(shown);
  return kDone;
}

Result<int> audit_export(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto head = client->call("audit.head");
  if (!head) return pass_on(head);
  const auto size = head->at("size").get<std::uint64_t>();
  const auto checkpoint = from_base64(head->at("checkpoint").get<std::string>());
  if (!checkpoint) return fail(ErrorKind::Failed, "the daemon's answer is not base64");
  std::string log;
  auto fetched =
      each_line(*client, {{"from", 0}, {"to", size}}, [&](const std::string& line) { log.append(line).append("\n"); });
  if (!fetched) return pass_on(fetched);

  const auto name = fmt::format("log-{:010}", size);
  auto outbox = Outbox::create(words.plain()[0], "audit", name);
  if (!outbox) return pass_on(outbox);
  const std::map<std::string, Bytes> files{{"checkpoint", *checkpoint},
                                           {"log-key.pem", copy(as_bytes(head->at("log_key").get<std::string>()))},
                                           {"log.jsonl", copy(as_bytes(log))}};
  std::string sums;
  for (const auto& [path, octets] : files) {
    auto written = outbox->write(path, octets, 0444);
    if (!written) return pass_on(written);
    sums += fmt::format("{}  {}\n", to_hex(sha256(octets)), path);
  }
  auto summed = outbox->write("SHA256SUMS", as_bytes(sums), 0444);
  if (!summed) return pass_on(summed);
  auto finished = outbox->finish();
  if (!finished) return pass_on(finished);
  const auto folder = fmt::format("{}/audit/{}", printable(words.plain()[0]), name);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-audit-export/1"}, {"folder", folder}, {"size", size}});
  } else {
    say(fmt::format("{} holds {} entries, the checkpoint over them, and the log's public key", folder, size));
  }
  return kDone;
}

Result<int> audit_verify(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 0, 0);
  if (!read) return pass_on(read);
  return show(command, "audit.verify", Json::object(), [](const Json& answer) {
    say(fmt::format("{} entries: hashes, links and tree are right; root {}", answer.at("size").get<std::uint64_t>(),
                    answer.at("root").get<std::string>()));
    const auto covered = answer.at("checkpoint_size").get<std::uint64_t>();
    say(covered == 0 ? "there is no checkpoint yet"
                     : fmt::format("the newest checkpoint covers {} of them and its signature verifies", covered));
  });
}

}  // namespace sealroom::cli
