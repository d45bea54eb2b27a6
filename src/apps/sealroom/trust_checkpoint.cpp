#include <fmt/format.h>

#include "daemon_call.hpp"
#include "sealroom/base/file.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::cli {
namespace {

constexpr std::size_t kLargestCheckpoint = 256 * 1024;

}  // namespace

Result<std::string> trust_checkpoint(wire::Client& client, const std::string& file) {
  auto note = read_file(file, kLargestCheckpoint);
  if (!note) return fail(ErrorKind::Usage, note.error().message, "give the file audit/checkpoint of an export");
  auto answer = client.call("checkpoint.trust", {{"note", to_base64(*note)}});
  if (!answer) return pass_on(answer, printable(file));
  const auto size = answer->at("size").get<std::uint64_t>();
  const auto standing = answer->at("standing").get<std::string>();
  if (standing == "equal" || standing == "behind") {
    return fmt::format("this log continues the checkpoint of {} entries that {} holds", size, printable(file));
  }
  return fmt::format(
      "this log does not continue the checkpoint of {} entries that {} holds ({}); that was accepted "
      "before",
      size, printable(file), standing);
}

}  // namespace sealroom::cli
