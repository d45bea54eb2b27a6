#include "sealroom/log/proof.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "decimal.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::log {
namespace {

constexpr std::string_view kInclusionType = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kConsistencyType = "sealroom-consistency-proof/1";

// A tree of 2^63 leaves has no longer path; a consistency proof has at most two hashes for each level.
constexpr std::size_t kLongestPath = 63;

std::unexpected<Error> refuse(std::string_view reason) {
  return fail(ErrorKind::Integrity, fmt::format("proof: {}", reason));
}

std::string hash_lines(const std::vector<Digest>& hashes) {
  std::string lines;
  for (const auto& hash : hashes) lines += to_base64(hash) + '\n';
  return lines;
}

// The next line of `text`, without its line feed; nothing when there is no whole one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view name) {
  const auto line = take_line(text);
  if (!line || !line->starts_with(name)) return std::nullopt;
  return read_decimal(line->substr(name.size()));
}

std::optional<Digest> read_hash(std::string_view line) {
  const auto octets = from_base64(line);
  Digest digest{};
  if (!octets || octets->size() != digest.size()) return std::nullopt;
  std::ranges::copy(*octets, digest.begin());
  return digest;
}

// Hashes to the end of `text`, or to an empty line where one ends them.
Result<std::vector<Digest>> take_hashes(std::string_view& text, std::size_t most) {
  std::vector<Digest> hashes;
  while (!text.empty() && text.front() != '\n') {
    const auto line = take_line(text);
    const auto hash = line ? read_hash(*line) : std::nullopt;
    if (!hash) return refuse(fmt::format("hash {} is not the base64 of 32 octets on a line", hashes.size() + 1));
    if (hashes.size() == most) return refuse(fmt::format("has more than {} hashes", most));
    hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

std::string inclusion_proof_text(std::uint64_t index, const std::vector<Digest>& proof, std::string_view note) {
  return fmt::format("{}\nindex {}\n{}\n{}", kInclusionType, index, hash_lines(proof), note);
}

std::string consistency_proof_text(std::uint64_t from, std::uint64_t to, const std::vector<Digest>& proof) {
  return fmt::format("{}\nfrom {}\nto {}\n{}", kConsistencyType, from, to, hash_lines(proof));
}

Result<InclusionProof> parse_inclusion_proof(std::string_view text) {
  if (take_line(text) != kInclusionType) return refuse(fmt::format("its first line is not {}", kInclusionType));
  const auto index = take_number(text, "index ");
  if (!index) return refuse("its second line is not \"index\" and a decimal number");
  auto hashes = take_hashes(text, kLongestPath);
  if (!hashes) return pass_on(hashes);
  if (text.empty()) return refuse("has no empty line behind its hashes");
  return InclusionProof{.index = *index, .hashes = std::move(*hashes), .note = std::string(text.substr(1))};
}

Result<ConsistencyProof> parse_consistency_proof(std::string_view text) {
  if (take_line(text) != kConsistencyType) return refuse(fmt::format("its first line is not {}", kConsistencyType));
  const auto from = take_number(text, "from ");
  if (!from) return refuse("its second line is not \"from\" and a decimal number");
  const auto to = take_number(text, "to ");
  if (!to) return refuse("its third line is not \"to\" and a decimal number");
  auto hashes = take_hashes(text, 2 * kLongestPath);
  if (!hashes) return pass_on(hashes);
  if (!text.empty()) return refuse("has an empty line");
  return ConsistencyProof{.from = *from, .to = *to, .hashes = std::move(*hashes)};
}

}  // namespace sealroom::log
