#include <algorithm>

#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom::cli {
namespace {

// A ledger is nobody's to read but the appliance's, where a medium has modes.
constexpr mode_t kMode = 0400;

// "20261122T033100Z", from RFC 3339.
std::string name_at(std::string time) {
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time;
}

Result<Done> write_file(wire::Client& client, Outbox& outbox, const Json& file, std::size_t index, Progress& progress) {
  const auto size = file.at("size").get<std::uint64_t>();
  std::uint64_t from = 0;
  const auto next = [&]() -> Result<Bytes> {
    if (from >= size) return Bytes{};
    auto answer = client.call("backup.read", {{"file", index}, {"from", from}});
    if (!answer) return pass_on(answer);
    auto octets = from_base64(answer->at("octets").get<std::string>());
    if (!octets || octets->empty()) return fail(ErrorKind::Failed, "the daemon's answer is not a part of the backup");
    from += octets->size();
    progress.show(from, size);
    return std::move(*octets);
  };
  return outbox.write(file.at("path").get<std::string>(), next, kMode);
}

Result<Done> write_backup(wire::Client& client, const Json& made, Outbox& outbox) {
  Progress progress("writing");
  std::size_t index = 0;
  for (const auto& file : made.at("files")) {
    auto written = write_file(client, outbox, file, index++, progress);
    if (!written) return progress.end(), written;
  }
  progress.end();
  if (to_hex(outbox.written().at("ledger.db")) != made.at("ledger_sha256").get<std::string>()) {
    return fail(ErrorKind::Failed, "the ledger's copy has changed on its way", "make the backup again");
  }
  auto written = outbox.write(kSumsFile, as_bytes(sums_text(outbox.written())), kMode);
  if (!written) return written;
  return outbox.finish();
}

}  // namespace

Result<int> backup(const Command& command) {
  Words words(command);
  auto read = words.read(command.words, 1, 1);
  if (!read) return pass_on(read);
  const auto& medium = words.plain()[0];
  auto client = wire::Client::connect(command.home);
  if (!client) return pass_on(client);
  auto status = client->call("status");
  if (!status) return pass_on(status);
  const auto name = name_at(status->at("time").get<std::string>());
  // The medium is tried before the daemon is told that something leaves.
  auto outbox = Outbox::create(medium, "backup", name);
  if (!outbox) return pass_on(outbox);
  auto made = call_job(*client, "backup.make", {{"name", name}}, "copying the ledger");
  if (!made) return pass_on(made);
  auto written = write_backup(*client, *made, *outbox);
  if (!written) return pass_on(written);
  auto told = client->call("backup.written");
  if (!told) return pass_on(told, "the backup is complete, but the log does not say so");
  const auto folder = fmt::format("{}/backup/{}", printable(medium), name);
  if (command.output == Output::Json) {
    print({{"format", "sealroom-backup/1"}, {"folder", folder}, {"ledger_sha256", made->at("ledger_sha256")}});
  } else {
    say(fmt::format("{} is written, read back and synced: the ledger and the configuration, no key and no PIN",
                    folder));
  }
  return kDone;
}

}  // namespace sealroom::cli
