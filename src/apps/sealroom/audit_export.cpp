#include <map>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/log/entry.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom::cli {
namespace {

constexpr mode_t kMode = 0444;

Result<Bytes> decoded(const Json& base64) {
  auto octets = from_base64(base64.get<std::string>());
  if (!octets) return fail(ErrorKind::Failed, "the daemon's answer is not base64");
  return std::move(*octets);
}

// The log as the daemon gives it page by page. What the lines say of configurations and issuers is kept on the way, so
// that the export needs nobody's word for the files that lie beside them.
class LogPages {
 public:
  LogPages(wire::Client& client, std::uint64_t size) : client_(client), size_(size) {}

  // The next lines, each with its line feed; nothing at the end.
  Result<Bytes> next() {
    if (from_ >= size_) return Bytes{};
    auto answer = client_.call("audit.lines", {{"from", from_}, {"to", size_}});
    if (!answer) return pass_on(answer);
    std::string text;
    for (const auto& line : answer->at("lines")) {
      look_at(line.get_ref<const std::string&>());
      text.append(line.get_ref<const std::string&>()).append("\n");
    }
    from_ = answer->at("next").get<std::uint64_t>();
    return copy(as_bytes(text));
  }

  std::map<std::string, Json> configurations;  // digest → name → base64
  std::map<std::string, Json> activated;       // issuer → digests of its newest chain

 private:
  void look_at(const std::string& line) {
    if (line.find(R"("configuration.loaded")") == std::string::npos &&
        line.find(R"("issuer.activated")") == std::string::npos) {
      return;
    }
    const auto entry = log::parse_line(line, log::UnknownMembers::Accept);
    if (!entry) return;
    const auto& details = entry->event.details;
    if (entry->event.name == "configuration.loaded") {
      configurations[details.at("digest").get<std::string>()] = details.at("files");
    }
    if (entry->event.name == "issuer.activated") {
      activated[details.at("issuer").get<std::string>()] = details.at("certificates_sha256");
    }
  }

  wire::Client& client_;
  std::uint64_t size_;
  std::uint64_t from_ = 0;
};

// Every checkpoint up to `size`, one behind the other.
Result<Done> write_checkpoints(wire::Client& client, std::uint64_t size, Outbox& outbox) {
  std::uint64_t from = 0;
  bool more = true;
  return outbox.write(
      "checkpoints",
      [&]() -> Result<Bytes> {
        Bytes notes;
        if (!more) return notes;
        auto answer = client.call("audit.checkpoints", {{"from", from}});
        if (!answer) return pass_on(answer);
        more = answer->at("more").get<bool>();
        for (const auto& made : answer->at("checkpoints")) {
          const auto of = made.at("size").get<std::uint64_t>();
          more = more && of < size;
          if (of > size) break;
          auto note = decoded(made.at("note"));
          if (!note) return note;
          notes.insert(notes.end(), note->begin(), note->end());
          from = of + 1;
        }
        return notes;
      },
      kMode);
}

Result<Done> write_configurations(const LogPages& log, Outbox& outbox) {
  for (const auto& [digest, files] : log.configurations) {
    for (const auto& [name, text] : files.items()) {
      auto octets = decoded(text);
      if (!octets) return pass_on(octets);
      auto written = outbox.write(fmt::format("config/{}/{}", digest, name), *octets, kMode);
      if (!written) return written;
    }
  }
  return Done{};
}

Result<Done> write_chains(const LogPages& log, const Json& chains, Outbox& outbox) {
  for (const auto& [issuer, digests] : log.activated) {
    const auto found = chains.find(issuer);
    if (found == chains.end()) continue;
    auto written = outbox.write(fmt::format("issuers/{}.chain.pem", issuer),
                                as_bytes(found->get_ref<const std::string&>()), kMode);
    if (!written) return written;
  }
  return Done{};
}

Result<Done> write_log(wire::Client& client, const Json& head, Outbox& outbox) {
  const auto size = head.at("size").get<std::uint64_t>();
  LogPages log(client, size);
  auto written = outbox.write(log::kLogFile, [&] { return log.next(); }, kMode);
  if (written) written = write_checkpoints(client, size, outbox);
  if (written) written = write_configurations(log, outbox);
  if (written) written = write_chains(log, head.at("chains"), outbox);
  if (!written) return written;
  auto checkpoint = decoded(head.at("checkpoint"));
  if (!checkpoint) return pass_on(checkpoint);
  written = outbox.write("checkpoint", *checkpoint, kMode);
  if (written) written = outbox.write("log-key.pem", as_bytes(head.at("log_key").get<std::string>()), kMode);
  if (written) written = outbox.write(kSumsFile, as_bytes(sums_text(outbox.written())), kMode);
  if (written) written = outbox.finish();
  return written;
}

}  // namespace

Result<int> audit_export(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto head = client->call("audit.head");
  if (!head) return pass_on(head);
  const auto size = head->at("size").get<std::uint64_t>();
  const auto name = fmt::format("log-{:010}", size);
  auto outbox = Outbox::create(words.plain()[0], "audit", name);
  if (!outbox) return pass_on(outbox);
  auto written = write_log(*client, *head, *outbox);
  if (!written) return pass_on(written);
  const auto folder = fmt::format("{}/audit/{}", printable(words.plain()[0]), name);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-audit-export/1"}, {"folder", folder}, {"size", size}});
  } else {
    say(fmt::format("{} holds {} entries, every checkpoint, the log's public key, configurations and issuers", folder,
                    size));
  }
  return kDone;
}

}  // namespace sealroom::cli
