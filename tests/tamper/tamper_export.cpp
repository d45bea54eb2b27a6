// Changes a real export in every way that is listed here, and fails when sealroom-verify's function does not notice one.
//
//   tamper-export FOLDER ROOT LOG_KEY SEED OCTETS
//
// Every file: other first, middle and last octet, one octet less and more, removed; files added and swapped; OCTETS random
// octets. Each with SHA256SUMS as it was and with it made to fit. Nothing is anchored while that is tried: an anchor can
// only add findings. With OCTETS 0 only the changes that have a name.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include <fmt/format.h>

#include "named_changes.hpp"
#include "sealroom/audit/verify.hpp"
#include "sealroom/x509/pem.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

MemoryFiles load(const std::filesystem::path& folder) {
  MemoryFiles loaded;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    loaded.files[entry.path().lexically_relative(folder).generic_string()] = content_of(entry.path());
  }
  return loaded;
}

std::size_t tried = 0;

void must_notice(const MemoryFiles& changed, const std::string& what) {
  ++tried;
  const auto verified = verify_export(changed, {});
  if (verified && verified->agrees()) {
    std::cerr << "NOT NOTICED: " << what << "\n";
    std::exit(1);
  }
}

// The change as it is, and with sums that fit it.
void try_change(MemoryFiles changed, const std::string& what) {
  must_notice(changed, what);
  changed.mend_sums();
  must_notice(changed, what + ", with fitting sums");
}

void try_octet(const MemoryFiles& whole, const std::string& path, std::size_t at, unsigned char flip) {
  auto changed = whole;
  auto& octet = changed.files[path][at];
  octet = static_cast<char>(static_cast<unsigned char>(octet) ^ flip);
  const auto what = fmt::format("{}: octet {} xor {}", path, at, flip);
  if (path != kSumsFile) return try_change(std::move(changed), what);
  must_notice(changed, what);
}

void try_every_file(const MemoryFiles& whole) {
  for (const auto& [path, octets] : whole.files) {
    for (const auto at : {std::size_t{0}, octets.size() / 2, octets.size() - 1}) try_octet(whole, path, at, 1);
    auto shorter = whole, longer = whole, removed = whole;
    shorter.files[path].pop_back();
    longer.files[path] += '\n';
    removed.files.erase(path);
    must_notice(shorter, path + ": an octet less");
    must_notice(longer, path + ": an octet more");
    must_notice(removed, path + ": removed");
    if (path == kSumsFile) continue;
    try_change(shorter, path + ": an octet less");
    try_change(longer, path + ": an octet more");
    try_change(removed, path + ": removed");
    auto added = whole;
    added.files[path + ".added"] = octets;
    try_change(std::move(added), path + ".added: added");
  }
}

void try_swaps(const MemoryFiles& whole) {
  for (auto one = whole.files.begin(); one != whole.files.end(); ++one) {
    for (auto other = std::next(one); other != whole.files.end(); ++other) {
      if (one->second == other->second) continue;
      auto changed = whole;
      std::swap(changed.files[one->first], changed.files[other->first]);
      changed.mend_sums();
      must_notice(changed, fmt::format("{} and {}: swapped", one->first, other->first));
    }
  }
}

void try_random_octets(const MemoryFiles& whole, unsigned seed, std::size_t count) {
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const auto file = std::next(whole.files.begin(), static_cast<std::ptrdiff_t>(random() % whole.files.size()));
    const auto flip = static_cast<unsigned char>(1 + random() % 255);
    try_octet(whole, file->first, random() % file->second.size(), flip);
  }
}

void must_be_printable(const Verification& verification, const std::string& what) {
  for (const auto& [id, detail] : verification.findings) {
    if (std::ranges::all_of(detail, [](char c) { return c >= ' ' && c <= '~'; })) continue;
    std::cerr << what << ": " << id << " quotes what no terminal should get\n";
    std::exit(1);
  }
}

void must_find(const Verification& verification, std::string_view id, const std::string& what) {
  if (std::ranges::find(verification.findings, id, &Finding::id) != verification.findings.end()) return;
  std::cerr << "NO " << id << ": " << what << "\n";
  for (const auto& finding : verification.findings) std::cerr << "  " << finding.id << ": " << finding.detail << "\n";
  std::exit(1);
}

void try_named_changes(const MemoryFiles& whole, const std::vector<NamedChange>& changes) {
  for (const auto& [finding, what, make] : changes) {
    auto changed = whole;
    make(changed);
    changed.mend_sums();
    ++tried;
    const auto verified = verify_export(changed, {});
    if (!verified) {
      std::cerr << what << ": " << verified.error().message << "\n";
      std::exit(1);
    }
    must_find(*verified, finding, what);
    must_be_printable(*verified, what);
  }
  auto changed = whole;
  changed.files[kSumsFile][0] ^= 1;
  must_find(verify_export(changed, {}).value(), "verify.sums", "another digest in the sums");
}

void try_legal_steps(const MemoryFiles& whole) {
  for (const auto& [finding, what, make] : legal_steps()) {
    auto changed = whole;
    make(changed);
    const auto found = verify_export(changed, {}).value().findings;
    if (std::ranges::find(found, finding, &Finding::id) == found.end()) continue;
    std::cerr << finding << ": " << what << "\n";
    std::exit(1);
  }
}

// A medium that gives other octets the second time.
class Fickle final : public Files {
 public:
  explicit Fickle(const MemoryFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
  std::vector<std::string> paths() const override { return files_.paths(); }
  Result<Done> read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) const override {
    auto read = files_.read(path, take);
    return path == path_ && read && reads_++ > 0 ? take(as_bytes(" ")) : read;
  }

 private:
  const MemoryFiles& files_;
  std::string path_;
  mutable int reads_ = 0;
};

// The first certificate of the export that `other` is not: a root that nobody gave.
void try_anchors(const MemoryFiles& whole, const Anchors& anchors) {
  const auto verified = verify_export(whole, anchors);
  if (!verified || !verified->agrees() || !verified->anchored()) {
    std::cerr << "the export as it is does not verify\n";
    for (const auto& finding : verified->findings) std::cerr << "  " << finding.id << ": " << finding.detail << "\n";
    std::exit(1);
  }
  const auto alone = verify_export(whole, {});
  if (!alone->agrees() || alone->anchored()) {
    std::cerr << "without anchors the export must agree, and not be anchored\n";
    std::exit(1);
  }
  // Any certificate and any key that are not the right ones.
  const auto chain = whole.files.contains("issuers/intermediate.chain.pem") ? "issuers/intermediate.chain.pem"
                                                                            : "ca/intermediate.cert.pem";
  const auto ders = read_certificates(as_bytes(whole.files.at(chain)), chain);
  const auto intermediate = Certificate::parse(ders->front());
  must_find(*verify_export(whole, {.roots = {*intermediate}, .log_keys = {}, .since = {}, .consistency = {}}),
            "verify.root-anchor", "another root");
  must_find(*verify_export(whole, {.roots = {}, .log_keys = {intermediate->key()}, .since = {}, .consistency = {}}),
            "verify.log-anchor", "another log key");
  must_find(*verify_export(whole, {.roots = {}, .log_keys = {}, .since = "not a checkpoint", .consistency = {}}),
            "verify.since", "no checkpoint");
  const auto fickle = whole.files.contains("log.jsonl") ? "log.jsonl" : "report.json";
  must_find(*verify_export(Fickle(whole, fickle), {}), "verify.unreadable", "a medium that changes");
}

Anchors read_anchors(const char* root, const char* log_key) {
  Anchors anchors;
  const auto certificate = Certificate::parse(read_certificates(as_bytes(content_of(root)), root)->front());
  const auto key = PublicKey::parse(read_public_keys(content_of(log_key), log_key)->front());
  anchors.roots.push_back(*certificate);
  anchors.log_keys.push_back(*key);
  return anchors;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const auto whole = load(argv[1]);
  try_anchors(whole, read_anchors(argv[2], argv[3]));
  try_named_changes(whole, whole.files.contains("log.jsonl") ? changes_of_a_log() : changes_of_a_batch());
  if (whole.files.contains("audit/log-keys.jsonl")) try_named_changes(whole, changes_after_rotation());
  const auto log = whole.files.find("log.jsonl");
  if (log != whole.files.end()) try_legal_steps(whole);
  if (log != whole.files.end() && log->second.find("log.key-rotated") != std::string::npos) {
    try_named_changes(whole, changes_of_a_rotated_log());
  }
  if (const auto octets = std::stoul(argv[5]); octets > 0) {
    try_every_file(whole);
    try_swaps(whole);
    try_random_octets(whole, static_cast<unsigned>(std::stoul(argv[4])), octets);
  }
  std::cout << fmt::format("{} changes of {} files: every one was noticed (seed {})\n", tried, whole.files.size(),
                           argv[4]);
}
