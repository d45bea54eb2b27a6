#include <filesystem>

#include <fmt/format.h>

#include "batches.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/media/outbox.hpp"

namespace sealroom::cli {
namespace {

Result<Done> sums_agree(const std::string& folder, const std::map<std::string, Digest>& files) {
  const auto others = digest_of_sums(files, [](const std::string& path) { return path != kSumsFile; });
  const auto sums = files.find(kSumsFile);
  if (sums != files.end() && sums->second == others) return Done{};
  return fail(ErrorKind::Failed,
              fmt::format("{}: is there already, and its files are not the ones in its SHA256SUMS", printable(folder)),
              "move the folder away and export again");
}

// Whether the folder holds the export of this very batch. Error (Failed) when it holds something else.
Result<bool> already_there(wire::Client& client, const std::string& folder, const std::string& batch) {
  std::error_code trouble;
  if (!std::filesystem::exists(std::filesystem::symlink_status(folder, trouble))) return false;
  auto about = client.call("export.describe", {{"batch", batch}});
  if (!about) return pass_on(about);
  auto files = digests_below(folder);
  if (!files) return pass_on(files);
  auto whole = sums_agree(folder, *files);
  if (!whole) return pass_on(whole);
  if (to_hex(digest_of_sums(*files, is_export_content)) == about->at("content_sha256")) return true;
  return fail(
      ErrorKind::Failed,
      fmt::format("{}: is there already with other contents: from another appliance, or from when less was signed",
                  printable(folder)),
      "move the folder away and export again");
}

Result<Done> write_pieces(wire::Client& client, Outbox& outbox) {
  Bytes octets;
  for (bool more = true; more;) {
    auto answer = client.call("export.next");
    if (!answer) return pass_on(answer);
    more = answer->at("more").get<bool>();
    for (const auto& piece : answer->at("files")) {
      const auto part = from_base64(piece.at("octets").get<std::string>());
      if (!part) return fail(ErrorKind::Failed, "the daemon's answer is not base64");
      octets.insert(octets.end(), part->begin(), part->end());
      if (!piece.at("last").get<bool>()) continue;
      auto written = outbox.write(piece.at("path").get<std::string>(), octets, piece.at("mode").get<mode_t>());
      if (!written) return written;
      octets.clear();
    }
  }
  return Done{};
}

}  // namespace

Result<Exported> export_to(wire::Client& client, const std::string& batch, const std::string& medium, bool partial) {
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
  auto written = write_pieces(client, *outbox);
  if (!written) return pass_on(written);
  auto finished = outbox->finish();
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
