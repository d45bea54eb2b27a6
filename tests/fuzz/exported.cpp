// A whole export out of one input: files in turn get the input's pieces between octets 0xff. Nothing of it can verify.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "sealroom/audit/show_plan.hpp"
#include "sealroom/audit/verify.hpp"

using namespace sealroom;

namespace {

constexpr std::array kBatchPaths{"audit/entries.jsonl",
                                 "report.json",
                                 "audit/plan/root.json",
                                 "audit/plan/root.leaves",
                                 "audit/plan/root.requests.jsonl",
                                 "audit/checkpoint",
                                 "audit/log-key.pem",
                                 "audit/proofs/export.proof",
                                 "ca/ca-chain.cert.pem",
                                 "SHA256SUMS",
                                 "audit/config/sealroom.yaml",
                                 "root/v3_ca/a.cert.pem"};
constexpr std::array kLogPaths{"log.jsonl",
                               "checkpoint",
                               "checkpoints",
                               "log-key.pem",
                               "SHA256SUMS",
                               "issuers/root.chain.pem",
                               "config/x/sealroom.yaml"};

class Pieces final : public Files {
 public:
  template <std::size_t Count>
  Pieces(const std::array<const char*, Count>& paths, ByteView input) {
    for (const auto* path : paths) {
      const auto end = std::ranges::find(input, 0xff);
      const auto length = static_cast<std::size_t>(end - input.begin());
      files_[path] = copy(input.first(length));
      input = input.subspan(std::min(input.size(), length + 1));
    }
  }
  std::vector<std::string> paths() const override {
    std::vector<std::string> all;
    for (const auto& [path, octets] : files_) all.push_back(path);
    return all;
  }
  Result<Done> read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) const override {
    return take(files_.at(path));
  }

 private:
  std::map<std::string, Bytes> files_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  for (const auto& files : {Pieces(kBatchPaths, input), Pieces(kLogPaths, input)}) {
    const auto verified = verify_export(files, {});
    if (!verified || verified->agrees()) std::abort();
    (void)show_plans(files).has_value();
  }
  return 0;
}
