#include "sealroom/issuance/anchors.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "sealroom/base/each_of.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr const char* kHint =
    "restore the newest backup and exports; what stays unknown is accepted by `sealroom recover --accept-gap`, which "
    "the log keeps for ever";

std::string tag_of(std::string_view owner) { return fmt::format("anchor/{}", owner); }

bool is_gap(Standing standing) { return standing >= Standing::Older; }

std::string meaning_of(Standing standing, const Anchor& anchor, std::uint64_t size) {
  switch (standing) {
    case Standing::Older:
      return fmt::format(
          "it has seen {} log entries, and this one of {} lacks some of them: the ledger is an older copy", anchor.size,
          size);
    case Standing::Shorter:
      return fmt::format(
          "it has seen {} log entries, and this one of {} lacks some that its own rows speak of: the log was cut",
          anchor.size, size);
    case Standing::Forked:
      return fmt::format("of the first {} entries this ledger's log is not the one that it has seen: another history",
                         anchor.size);
    case Standing::Swapped:
      return fmt::format("it remembers the log \"{}\": token or ledger belongs to another appliance", anchor.origin);
    default: std::abort();
  }
}

Json details_of(const Gap& gap) {
  return {{"owner", gap.owner},
          {"token_serial", gap.token_serial},
          {"origin", gap.anchor.origin},
          {"size", gap.anchor.size},
          {"root", to_hex(gap.anchor.root)}};
}

Result<Gap> gap_in(const log::Entry& entry) {
  const auto& details = entry.event.details;
  Gap gap{
      .owner = details.value("owner", ""),
      .token_serial = details.value("token_serial", ""),
      .anchor = {.origin = details.value("origin", ""), .size = details.value("size", std::uint64_t{0}), .root = {}}};
  const auto root = digest_from_hex(details.value("root", ""));
  if (!root) return fail(ErrorKind::Integrity, fmt::format("log entry {}: its root is no digest", entry.seq));
  gap.anchor.root = *root;
  return gap;
}

Result<bool> was_accepted(const Ledger& ledger, const Gap& gap) {
  auto newest = newest_entry(ledger, tag_of(gap.owner));
  if (!newest) return pass_on(newest);
  if (!*newest || (*newest)->event.name != "anchor.gap-accepted") return false;
  auto accepted = gap_in(**newest);
  if (!accepted) return pass_on(accepted);
  return accepted->token_serial == gap.token_serial && accepted->anchor == gap.anchor;
}

// Whether an entry says only that the daemon, its tokens and its clock were there.
bool is_quiet(const log::Entry& entry) {
  static constexpr std::string_view kDeeds[] = {"batch.",   "certificate.", "issuer.", "key.",
                                                "log.key-", "plan.",        "request."};
  return std::ranges::none_of(kDeeds, [&](std::string_view deed) { return entry.event.name.starts_with(deed); });
}

// The first entry from `from` on behind which the log has only quiet ones: a ledger that was put back gains some of those
// before anybody unlocks a token.
Result<std::uint64_t> quiet_since(const Ledger& ledger, std::uint64_t from, std::uint64_t size) {
  for (; size > from; --size) {
    auto line = ledger.line(size - 1);
    if (!line) return pass_on(line);
    auto entry = log::parse_line(*line);
    if (!entry) return pass_on(entry);
    if (!is_quiet(*entry)) break;
  }
  return size;
}

// How a ledger stands to an anchor of more entries than it `had` when it was put back.
Result<Standing> lacking(const Ledger& ledger, std::uint64_t had) {
  auto newest = ledger.newest_checkpoint();
  if (!newest) return pass_on(newest);
  auto told = ledger.entries_told();
  if (!told) return pass_on(told);
  return *told > std::max(had, *newest ? (*newest)->size : 0) ? Standing::Shorter : Standing::Older;
}

std::unexpected<Error> refused(const Gap& gap, Standing standing, std::uint64_t size) {
  return fail(ErrorKind::Integrity,
              fmt::format("{} and this ledger do not fit: {}; nothing is signed", who_remembers(gap),
                          meaning_of(standing, gap.anchor, size)),
              kHint);
}

}  // namespace

std::string who_remembers(const Gap& gap) {
  if (gap.owner == kOutside) return "the checkpoint from outside";
  return fmt::format("the token of {} (serial {})", gap.owner, gap.token_serial);
}

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::Fresh: return "fresh";
    case Standing::Equal: return "equal";
    case Standing::Behind: return "behind";
    case Standing::Older: return "older";
    case Standing::Shorter: return "shorter";
    case Standing::Forked: return "forked";
    case Standing::Swapped: return "swapped";
  }
  std::abort();
}

Result<Standing> compare(const Ledger& ledger, std::string_view origin, const std::optional<Anchor>& anchor) {
  if (!anchor) return Standing::Fresh;
  if (anchor->origin != origin) return Standing::Swapped;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  if (anchor->size > *size) return lacking(ledger, *size);
  auto root = ledger.root(anchor->size);
  if (!root) return pass_on(root);
  if (*root != anchor->root) {
    const auto last_seen = anchor->size - 1;
    auto had = quiet_since(ledger, last_seen, *size);
    if (!had) return pass_on(had);
    return *had > last_seen ? Result<Standing>(Standing::Forked) : lacking(ledger, *had);
  }
  auto newest = ledger.newest_checkpoint();
  if (!newest) return pass_on(newest);
  return *newest && (*newest)->size > anchor->size ? Standing::Behind : Standing::Equal;
}

Result<std::vector<Gap>> open_gaps(const Ledger& ledger, const Configuration& configuration) {
  std::vector<Gap> gaps;
  std::set<std::string> owners{std::string(kLogOwner), std::string(kOutside)};
  for (const auto& [name, settings] : configuration.issuers()) owners.insert(name);
  auto keys = ledger.keys();  // an owner that is configured no longer is not forgotten
  if (!keys) return pass_on(keys);
  for (const auto& key : *keys) owners.insert(key.owner);
  for (const auto& owner : owners) {
    auto newest = newest_entry(ledger, tag_of(owner));
    if (!newest) return pass_on(newest);
    if (!*newest || (*newest)->event.name != "anchor.mismatch") continue;
    auto gap = gap_in(**newest);
    if (!gap) return pass_on(gap);
    gaps.push_back(std::move(*gap));
  }
  return gaps;
}

Result<Done> no_open_gap(const Ledger& ledger, const Configuration& configuration) {
  auto gaps = open_gaps(ledger, configuration);
  if (!gaps) return pass_on(gaps);
  if (gaps->empty()) return Done{};
  const auto& gap = gaps->front();
  return fail(ErrorKind::Integrity,
              fmt::format("{} remembers {} entries of a log that this ledger does not continue: nothing is signed",
                          who_remembers(gap), gap.anchor.size),
              kHint);
}

Result<Done> remembers_no_other_log(const Work& work, std::string_view owner) {
  auto token = work.appliance.keys.token(owner);
  if (!token) return pass_on(token);
  auto anchor = (*token)->anchor();
  if (!anchor) return pass_on(anchor, owner);
  if (!*anchor || (*anchor)->origin == work.appliance.configuration.log_origin()) return Done{};
  const Gap gap{std::string(owner), (*token)->info().serial, **anchor};
  auto accepted = was_accepted(work.appliance.ledger, gap);
  if (!accepted) return pass_on(accepted);
  if (*accepted) return Done{};
  return fail(
      ErrorKind::Token,
      fmt::format("{} remembers the log \"{}\": it is another appliance's", who_remembers(gap), gap.anchor.origin),
      "insert a token of this appliance, or one that no appliance has used");
}

Result<Standing> check_anchor(const Work& work, std::string_view owner) {
  auto token = work.appliance.keys.token(owner);
  if (!token) return pass_on(token);
  auto anchor = (*token)->anchor();
  if (!anchor) return pass_on(anchor, owner);
  if (!*anchor) return Standing::Fresh;
  return check_remembered(work, {std::string(owner), (*token)->info().serial, **anchor});
}

Result<Standing> check_remembered(const Work& work, const Gap& gap) {
  auto& ledger = work.appliance.ledger;
  auto standing = compare(ledger, work.appliance.configuration.log_origin(), gap.anchor);
  if (!standing) return pass_on(standing);
  if (!is_gap(*standing)) return standing;

  auto accepted = was_accepted(ledger, gap);
  if (!accepted) return pass_on(accepted);
  if (*accepted) return standing;
  auto size = ledger.log_size();
  if (!size) return pass_on(size);
  auto details = details_of(gap);
  details["standing"] = name_of(*standing);
  details["ledger_size"] = *size;
  auto noted =
      record(work, {.name = "anchor.mismatch", .outcome = "error", .details = std::move(details)}, tag_of(gap.owner));
  if (!noted) return pass_on(noted);
  return refused(gap, *standing, *size);
}

Result<Done> accept_gap(Change& change, const Gap& gap) {
  auto seq =
      change.append({.name = "anchor.gap-accepted", .outcome = "ok", .details = details_of(gap)}, tag_of(gap.owner));
  if (!seq) return pass_on(seq);
  return Done{};
}

Result<Done> anchor_tokens(const Work& work, const CheckpointRow& checkpoint) {
  const Anchor anchor{
      .origin = work.appliance.configuration.log_origin(), .size = checkpoint.size, .root = checkpoint.root};
  const auto tokens = work.appliance.keys.tokens();
  const auto log_key = work.appliance.keys.key(kLogOwner);
  const bool at_once = log_key && (*log_key)->threads() > 1;  // else the module may have one caller at a time
  std::vector<Result<Done>> put(tokens.size());
  auto all = each_of(
      tokens.size(), at_once ? tokens.size() : 1,
      [&](std::size_t i) {
        put[i] = tokens[i]->put_anchor(anchor);  // whatever became of the others
        return Result<Done>(Done{});
      },
      1);
  for (auto& each : put) {
    if (all && !each) all = pass_on(each, "the checkpoint is made, but a token cannot remember it");
  }
  if (!all) return all;
  for (const auto& owner : work.appliance.keys.owners()) {
    if (work.appliance.keys.unlocked(owner)) work.appliance.keys.compared(owner, name_of(Standing::Equal));
  }
  return Done{};
}

}  // namespace sealroom
