#include "sealroom/audit/show_plan.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "exported_files.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/plan/document.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kDocument = ".json";

Result<std::string> text_of(const Files& files, const std::string& path) {
  std::string text;
  auto read = files.read(path, [&](ByteView piece) { return audit::append(text, piece); });
  if (!read) return pass_on(read, printable(path));
  return text;
}

// The lines of a file beside the document; nothing when it is not there.
Result<std::optional<std::vector<std::string>>> lines_beside(const Files& files, const std::string& path) {
  const auto paths = files.paths();
  if (std::ranges::find(paths, path) == paths.end()) return std::nullopt;
  auto text = text_of(files, path);
  if (!text) return pass_on(text);
  if (static_cast<std::size_t>(std::ranges::count(*text, '\n')) > audit::kMostRequests) {
    return fail(ErrorKind::Failed, fmt::format("{}: has more than {} lines", printable(path), audit::kMostRequests));
  }
  std::vector<std::string> lines;
  for (const auto line : split(*text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return std::optional(std::move(lines));
}

Result<Json> show_plan(const Files& files, const std::string& path) {
  auto text = text_of(files, path);
  if (!text) return pass_on(text);
  auto plan = parse_plan(*text);
  if (!plan) return fail(ErrorKind::Failed, plan.error().message);
  auto document = parse_json(*text, "plan");
  if (!document) return pass_on(document);
  const auto stem = path.substr(0, path.size() - kDocument.size());
  Json shown{{"digest", to_hex(plan_digest(*text))},
             {"document", std::move(*document)},
             {"requests", Json::array()},
             {"requests_match", nullptr},
             {"certificates_match", nullptr}};
  auto requests = lines_beside(files, stem + ".requests.jsonl");
  if (!requests) return pass_on(requests);
  if (*requests) {
    log::TreeBuilder tree;
    for (const auto& line : **requests) {
      tree.add(as_bytes(line));
      auto request = parse_json(line, "request line");
      if (!request) return fail(ErrorKind::Failed, request.error().message);
      shown["requests"].push_back(std::move(*request));
    }
    shown["requests_match"] = tree.size() == plan->requests && tree.root() == plan->requests_root;
  }
  auto leaves = lines_beside(files, stem + ".leaves");
  if (!leaves) return pass_on(leaves);
  if (*leaves) {
    log::TreeBuilder tree;
    for (const auto& line : **leaves) tree.add_hash(digest_from_hex(line).value_or(Digest{}));
    shown["certificates_match"] = tree.size() == plan->count && tree.root() == plan->tbs_root;
  }
  return shown;
}

}  // namespace

Result<Json> show_plans(const Files& files) {
  const auto paths = files.paths();
  const bool whole = std::ranges::any_of(paths, [](const auto& path) { return path.starts_with("audit/plan/"); });
  Json plans = Json::array();
  for (const auto& path : paths) {
    const bool here = whole ? path.starts_with("audit/plan/") : path.find('/') == std::string::npos;
    if (!here || !path.ends_with(kDocument)) continue;
    auto shown = show_plan(files, path);
    if (!shown) return pass_on(shown, printable(path));
    plans.push_back(std::move(*shown));
  }
  if (plans.empty()) {
    return fail(ErrorKind::Failed, "there is no plan", "name the folder issued/BATCH, or its folder audit/plan");
  }
  return Json{{"format", "sealroom-plans/1"}, {"plans", std::move(plans)}};
}

}  // namespace sealroom
