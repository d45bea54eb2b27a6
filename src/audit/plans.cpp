#include "plans.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/log/merkle.hpp"

namespace sealroom::audit {
namespace {

constexpr std::string_view kPlans = "audit/plan/";
constexpr std::string_view kConfiguration = "audit/config/";
constexpr std::string_view kDocument = ".json";

// Each request has an entry, so what is beyond them is not kept.
void read_requests(ExportedFiles& files, const std::string& path, const BatchLog& log, Plan& plan,
                   Complaints& complaints) {
  log::TreeBuilder tree;
  files.each_line(path, [&](std::string_view line) {
    tree.add(as_bytes(line));
    if (tree.size() > log.entries.size()) return;
    auto request = log::parse_canonical(line);
    const bool read = request && request->is_object();
    complaints.require(read, "verify.plan-requests",
                       fmt::format("{}: line {} is not canonical JSON", path, tree.size()));
    plan.requests.push_back(read ? std::move(*request) : Json::object());
  });
  complaints.require(tree.size() == plan.requests.size(), "verify.plan-requests",
                     fmt::format("{}: has more requests than the log", path));
  complaints.require(tree.size() == plan.document.requests && tree.root() == plan.document.requests_root,
                     "verify.plan-requests", fmt::format("{}: is not what the plan has the root of", path));
}

// The leaves stand in the order of the planned requests, whose serials name them.
void read_leaves(ExportedFiles& files, const std::string& path, Plan& plan, Complaints& complaints) {
  log::TreeBuilder tree;
  auto request = plan.requests.begin();
  files.each_line(path, [&](std::string_view line) {
    const auto leaf = digest_from_hex(line);
    const bool right = leaf && to_hex(*leaf) == line;
    complaints.require(right, "verify.plan-membership",
                       fmt::format("{}: line {} is not a digest in hexadecimal", path, tree.size() + 1));
    tree.add_hash(leaf.value_or(Digest{}));
    request = std::find_if(request, plan.requests.end(), [](const Json& each) { return each.contains("serial"); });
    if (request != plan.requests.end()) plan.leaves.emplace(text_in(*request++, "serial"), leaf.value_or(Digest{}));
  });
  complaints.require(tree.size() == plan.document.count && tree.root() == plan.document.tbs_root,
                     "verify.plan-membership", fmt::format("{}: is not what the plan has the root of", path));
  const auto planned = std::ranges::count_if(plan.requests, [](const Json& each) { return each.contains("serial"); });
  complaints.require(
      static_cast<std::uint64_t>(planned) == plan.document.count, "verify.plan",
      fmt::format("{}: {} requests are planned, and the plan says {}", path, planned, plan.document.count));
}

void compare_with_log(const Plan& plan, std::string_view text, const std::string& path, const BatchLog& log,
                      Complaints& complaints) {
  const Json* recorded = nullptr;
  Instant when{};
  for (const auto& [entry, leaf] : log.entries) {
    if (entry.event.name != "plan.recorded") continue;
    if (text_in(entry.event.details, "issuer") != plan.document.facts.issuer) continue;
    recorded = &entry.event.details;
    when = entry.context.time;
  }
  const bool same = recorded != nullptr && text_in(*recorded, "digest") == to_hex(plan_digest(text)) &&
                    count_in(*recorded, "count") == plan.document.count &&
                    text_in(*recorded, "valid_until") == to_rfc3339(plan.document.facts.valid_until) &&
                    plan.document.facts.created <= when;
  complaints.require(same, "verify.plan", fmt::format("{}: is not the plan that the log recorded", path));
}

}  // namespace

std::map<std::string, Plan> read_plans(ExportedFiles& files, const BatchLog& log, const std::string& batch,
                                       const std::optional<SignedHead>& head, Complaints& complaints) {
  std::map<std::string, Plan> plans;
  std::size_t recorded = 0;
  for (const auto& [entry, leaf] : log.entries) recorded += entry.event.name == "plan.recorded" ? 1 : 0;
  std::vector<std::string> paths;
  for (const auto& [path, digest] : files.digests()) {
    if (path.starts_with(kPlans) && path.ends_with(kDocument)) paths.push_back(path);
  }
  complaints.require(paths.size() == recorded, "verify.plan",
                     fmt::format("{} has {} plans, and the log recorded {}", kPlans, paths.size(), recorded));
  for (const auto& path : paths) {
    const auto text = files.text(path);
    if (!text) continue;
    auto document = parse_plan(*text);
    if (!document) {
      complaints.add("verify.plan", fmt::format("{}: {}", printable(path), document.error().message));
      continue;
    }
    const auto& facts = document->facts;
    const auto stem = path.substr(0, path.size() - kDocument.size());
    complaints.require(stem == std::string(kPlans) + facts.issuer && facts.batch == batch &&
                           (!head || facts.origin == head->checkpoint.origin),
                       "verify.plan", fmt::format("{}: is of another issuer, batch or log", printable(path)));
    Plan plan{.document = std::move(*document), .requests = {}, .leaves = {}};
    read_requests(files, stem + ".requests.jsonl", log, plan, complaints);
    read_leaves(files, stem + ".leaves", plan, complaints);
    compare_with_log(plan, *text, path, log, complaints);
    plans.emplace(plan.document.facts.issuer, std::move(plan));
  }
  return plans;
}

std::optional<Configuration> read_exported_configuration(ExportedFiles& files, const BatchLog& log,
                                                         const std::map<std::string, Plan>& plans,
                                                         Complaints& complaints) {
  std::vector<ConfigurationFile> found;
  for (const auto& [path, digest] : files.digests()) {
    if (!path.starts_with(kConfiguration)) continue;
    auto text = files.text(path);
    if (text) found.push_back({path.substr(kConfiguration.size()), std::move(*text)});
  }
  auto configuration = Configuration::load(std::move(found));
  if (!configuration) {
    complaints.add("verify.configuration", fmt::format("{}: {}", kConfiguration, configuration.error().message));
    return std::nullopt;
  }
  const auto digest = to_hex(configuration->digest());
  const auto* exported = log.exported();
  if (plans.empty() && exported != nullptr) {
    complaints.require(exported->context.configuration == digest, "verify.configuration",
                       fmt::format("{}: is not the configuration of the export's entry", kConfiguration));
  }
  for (const auto& [issuer, plan] : plans) {
    complaints.require(plan.document.facts.configuration == configuration->digest(), "verify.configuration",
                       fmt::format("{}: is not the configuration of plan {}", kConfiguration, printable(issuer)));
  }
  for (const auto& [entry, leaf] : log.entries) {
    if (entry.event.name != "plan.recorded" && entry.event.name != "certificate.planned") continue;
    complaints.require(entry.context.configuration == digest, "verify.configuration",
                       fmt::format("entry {}: was written under another configuration", entry.seq));
  }
  return std::move(*configuration);
}

}  // namespace sealroom::audit
