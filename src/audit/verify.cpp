#include "sealroom/audit/verify.hpp"

#include <algorithm>

#include "kinds.hpp"
#include "sealroom/log/entry.hpp"

namespace sealroom {
namespace {

Result<ExportKind> kind_of(const std::vector<std::string>& paths) {
  if (std::ranges::any_of(paths, [](const auto& path) { return path.starts_with("audit/"); })) return ExportKind::Batch;
  if (std::ranges::any_of(paths, [](const auto& path) { return path == log::kLogFile || path == "checkpoint"; })) {
    return ExportKind::Log;
  }
  return fail(ErrorKind::Failed, "there is neither the export of a batch nor one of the log",
              "name the folder issued/BATCH, or the folder that `sealroom audit export` wrote");
}

}  // namespace

Result<Verification> verify_export(const Files& files, const Anchors& anchors) {
  const auto kind = kind_of(files.paths());
  if (!kind) return std::unexpected(kind.error());
  Verification verification;
  verification.kind = *kind;
  audit::Complaints complaints(verification);
  audit::ExportedFiles exported(files, complaints);
  if (*kind == ExportKind::Batch) {
    audit::verify_batch(exported, anchors, complaints, verification);
  } else {
    audit::verify_log(exported, anchors, complaints, verification);
  }
  exported.check_completeness();
  return verification;
}

}  // namespace sealroom
