#include <fmt/format.h>

#include "compare_store.hpp"
#include "describe.hpp"
#include "sealroom/base/text.hpp"
#include "trust_files.hpp"

namespace sealroom::pack {
namespace {

constexpr mode_t kTruststoreMode = 0644;  // nothing in it is secret
constexpr std::size_t kShown = 50;

// Described passes candidates on, and notes on the way what there is to say of them.
class Described final : public TrustCandidates {
 public:
  Described(TrustFiles& files, TruststoreVerdict& verdict, const Progress& progress)
      : files_(files), verdict_(verdict), progress_(progress) {}

  std::size_t size() const override { return files_.size(); }

  Result<TrustCandidate> at(std::size_t index) override {
    auto candidate = files_.at(index);
    if (!candidate || index < described_) return candidate;
    ++described_;
    const auto& [alias, certificate] = *candidate;
    verdict_.roots += certificate.self_issued() ? 1 : 0;
    if (index < kShown) verdict_.summary += fmt::format("  alias  {}\n{}", alias, lines_of(certificate));
    if (index == kShown) verdict_.summary += fmt::format("  and {} more\n", size() - kShown);
    // Judging comes first and takes most of the time; writing shows as the second half.
    if (progress_) progress_(described_ / 2, size());
    return candidate;
  }

 private:
  TrustFiles& files_;
  TruststoreVerdict& verdict_;
  const Progress& progress_;
  std::size_t described_ = 0;
};

Result<std::vector<MeantEntry>> write_entries(const TruststoreRequest& request, const TrustFiles& files,
                                              const Secret& password, StagedFile& staged) {
  const auto& store = request.store;
  auto writer = TruststoreWriter::begin(store.type, staged, files.size(), password, store.created.salts);
  if (!writer) return pass_on(writer);
  std::vector<MeantEntry> meant;
  meant.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto der = files.octets(i);
    if (!der) return pass_on(der);
    auto added = (*writer)->add({request.entries[i].alias, store.created.at, std::move(*der)});
    if (!added) return pass_on(added);
    meant.push_back({request.entries[i].alias, files.digest(i)});
    if (request.progress) request.progress((files.size() + i + 1) / 2, files.size());
  }
  auto finished = (*writer)->finish();
  if (!finished) return pass_on(finished);
  return meant;
}

Result<Done> write_truststore(const TruststoreRequest& request, const TrustFiles& files) {
  const auto& store = request.store;
  auto password = NewPassword::obtain(store.password, "store password", store.weak);
  if (!password) return pass_on(password);
  auto staged = StagedFile::create(store.out);
  if (!staged) return pass_on(staged);
  auto meant = write_entries(request, files, password->value(), *staged);
  if (!meant) return pass_on(meant);
  auto complete = staged->complete();
  if (!complete) return complete;
  FileSource written(staged->descriptor(), store.out);
  auto same = compare_truststore(written, store.type, *meant, password->value());
  if (!same) return pass_on(same, printable(store.out));
  auto published = std::move(*staged).publish(kTruststoreMode, store.if_exists);
  if (!published) return published;
  password->keep();
  return Done{};
}

}  // namespace

Result<TruststoreVerdict> pack_truststore(const TruststoreRequest& request, Instant now) {
  auto unused = check_free(request.store.out, request.store.if_exists);
  if (!unused) return pass_on(unused);
  TruststoreVerdict verdict;
  TrustFiles files(request.entries);
  Described described(files, verdict, request.progress);
  auto findings = examine_trust(described, request.kind, now);
  if (!findings) return pass_on(findings);
  verdict.findings = std::move(*findings);
  if (!verdict.findings.empty()) return verdict;
  auto written = write_truststore(request, files);
  if (!written) return pass_on(written);
  return verdict;
}

}  // namespace sealroom::pack
