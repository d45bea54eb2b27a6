#include "sealroom/crypto/sums.hpp"

#include "sealroom/crypto/crypto.hpp"

namespace sealroom {

namespace {

void add_sum(std::string& text, const std::string& path, const Digest& digest) {
  text.append(to_hex(digest)).append("  ").append(path).append("\n");
}

}  // namespace

std::string sums_text(const std::map<std::string, Digest>& digests) {
  std::string text;
  for (const auto& [path, digest] : digests) add_sum(text, path, digest);
  return text;
}

Digest digest_of_sums(const std::map<std::string, Digest>& digests, bool (*belongs)(const std::string& path)) {
  std::string text;
  for (const auto& [path, digest] : digests) {
    if (belongs(path)) add_sum(text, path, digest);
  }
  return sha256(as_bytes(text));
}

bool is_export_content(const std::string& path) { return path != kSumsFile && !path.starts_with("audit/"); }

bool is_export_evidence(const std::string& path) {
  return path.starts_with("audit/") && !path.starts_with("audit/proofs/") && path != "audit/checkpoint" &&
         path != "audit/entries.jsonl";
}

}  // namespace sealroom
