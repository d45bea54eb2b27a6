#include "sealroom/log/events.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom::log {
namespace {

// An event, and the members that its details always have.
struct KnownEvent {
  std::string_view name;
  std::string_view members;
};

// scripts/check-events compares these with docs/audit-log.md and with what the daemon writes.
constexpr KnownEvent kEvents[] = {
    {.name = "anchor.gap-accepted", .members = "owner token_serial origin size root"},
    {.name = "anchor.mismatch", .members = "owner token_serial origin size root standing ledger_size"},
    {.name = "backup.made", .members = "name size root"},
    {.name = "backup.written", .members = "name ledger_sha256"},
    {.name = "batch.exported", .members = "batch content_sha256 evidence_sha256 entries_sha256 previous_size missing"},
    {.name = "batch.imported", .members = "batch requests accepted refused ignored"},
    {.name = "batch.restored", .members = "batch in_log plans added origin_size origin_root not_issued"},
    {.name = "certificate.abandoned", .members = "batch issuer serial tbs_sha256 reason"},
    {.name = "certificate.expired", .members = "batch issuer serial reason"},
    {.name = "certificate.issued",
     .members =
         "batch issuer serial tbs_sha256 certificate_sha256 request_sha256 profile subject not_before not_after"},
    {.name = "certificate.planned",
     .members = "batch issuer profile file request_sha256 serial serial_sources reissue_reason subject not_before "
                "not_after tbs_sha256"},
    {.name = "certificate.refused", .members = "batch issuer plan serial reason tbs_sha256"},
    {.name = "certificate.restored",
     .members = "batch issuer serial tbs_sha256 certificate_sha256 request_sha256 profile subject not_before not_after "
                "origin_entry origin_size origin_root"},
    {.name = "certificate.started", .members = "batch issuer plan serial reason tbs_sha256"},
    {.name = "certificate.untried", .members = "batch issuer serial tbs_sha256"},
    {.name = "checkpoint.trusted", .members = "origin size root"},
    {.name = "clock.confirmed", .members = "told by"},
    {.name = "clock.corrected", .members = "reason newest first_entry entries certificates"},
    {.name = "clock.doubted", .members = "reason"},
    {.name = "configuration.loaded", .members = "digest files"},
    {.name = "daemon.started", .members = "module module_path"},
    {.name = "daemon.stopped", .members = ""},
    {.name = "issuer.activated", .members = "issuer certificates_sha256 root_made_here confirmed"},
    {.name = "issuer.request-failed", .members = "issuer reason"},
    {.name = "issuer.requested", .members = "issuer request_sha256"},
    {.name = "issuer.requesting", .members = "issuer token_serial tbs_sha256"},
    {.name = "key.abandoned", .members = "owner label token_serial reason"},
    {.name = "key.adopted",
     .members =
         "owner token_label token_serial key_id public_key_sha256 previous_token_serial reason confirmed evidence"},
    {.name = "key.adoption-refused", .members = "owner token_serial key_id label algorithm public_key_sha256 reason"},
    {.name = "key.destroyed", .members = "owner token_serial key_id public_key_sha256"},
    {.name = "key.destroying", .members = "owner token_serial key_id label algorithm public_key_sha256"},
    {.name = "key.destruction-failed", .members = "owner token_serial key_id public_key_sha256 reason"},
    {.name = "key.foreign", .members = "owner token_serial key_id label algorithm public_key_sha256 reason"},
    {.name = "key.generated", .members = "owner algorithm token_label token_serial key_id public_key_sha256 evidence"},
    {.name = "key.generating", .members = "owner algorithm label token_serial"},
    {.name = "key.generation-failed", .members = "owner reason"},
    {.name = "key.refused", .members = "owner reason"},
    {.name = "key.unknown", .members = "owner token_serial keys"},
    {.name = "ledger.restored", .members = "backup size root log_size"},
    {.name = "log.created", .members = "origin"},
    {.name = "log.key-replaced",
     .members = "origin size root old_public_key old_public_key_sha256 public_key public_key_sha256 signature reason "
                "owner algorithm token_label token_serial key_id evidence"},
    {.name = "log.key-rotated",
     .members = "origin size root old_public_key old_public_key_sha256 public_key public_key_sha256 old_signature "
                "signature owner algorithm token_label token_serial key_id evidence"},
    {.name = "log.verified", .members = "size"},
    {.name = "peer.refused", .members = "method"},
    {.name = "plan.recorded", .members = "batch issuer count digest valid_until"},
    {.name = "request.refused", .members = "batch file sha256 findings"},
    {.name = "restore.incomplete", .members = "certificates keys"},
    {.name = "token.locked", .members = "owner reason"},
    {.name = "token.unlock-failed", .members = "owner reason"},
    {.name = "token.unlocked", .members = "owner keys"},
};

}  // namespace

std::optional<std::string> fault_of(const Event& event) {
  const auto* known = std::ranges::find(kEvents, event.name, &KnownEvent::name);
  if (known == std::end(kEvents)) return fmt::format("event \"{}\" is not known", event.name);
  for (const auto member : split(known->members, ' ')) {
    if (!member.empty() && !event.details.contains(member)) {
      return fmt::format("event \"{}\" has no member \"{}\" in its details", event.name, member);
    }
  }
  return std::nullopt;
}

}  // namespace sealroom::log
