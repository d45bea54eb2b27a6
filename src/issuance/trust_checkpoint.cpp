#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/issuance/anchors.hpp"

namespace sealroom {
namespace {

// A checkpoint of this log, verified.
Result<log::Checkpoint> read_checkpoint(const Work& work, std::string_view note) {
  const auto& origin = work.appliance.configuration.log_origin();
  const auto named = note.substr(0, note.find('\n'));
  if (log::is_origin(named) && named != origin) {
    return fail(ErrorKind::Usage,
                fmt::format("the checkpoint is of the log {}, and this appliance keeps {}", printable(named), origin),
                "give a checkpoint that this appliance exported");
  }
  auto keys = work.appliance.ledger.log_keys();
  if (!keys) return pass_on(keys);
  if (!*keys) return fail(ErrorKind::Usage, "there is no log key yet, so no checkpoint is this log's");
  auto checkpoint = log::verify_note(note, **keys);
  if (checkpoint) return checkpoint;
  return fail(ErrorKind::Usage, fmt::format("nothing is compared: {}", printable(checkpoint.error().message)),
              "give the file audit/checkpoint of an export; when another key of this log signed it, the log's key was "
              "changed after this ledger was copied: the ledger is older than the checkpoint");
}

}  // namespace

Result<Compared> trust_checkpoint(const Work& work, std::string_view note) {
  auto checkpoint = read_checkpoint(work, note);
  if (!checkpoint) return pass_on(checkpoint);
  const Anchor anchor{.origin = checkpoint->origin, .size = checkpoint->size, .root = checkpoint->root};
  auto standing = check_remembered(work, {std::string(kOutside), "", anchor});
  if (!standing) return pass_on(standing);
  if (*standing == Standing::Equal || *standing == Standing::Behind) {
    auto noted =
        record(work, {.name = "checkpoint.trusted",
                      .outcome = "ok",
                      .details = {{"origin", anchor.origin}, {"size", anchor.size}, {"root", to_hex(anchor.root)}}});
    if (!noted) return pass_on(noted);
  }
  return Compared{.size = anchor.size, .standing = *standing};
}

}  // namespace sealroom
