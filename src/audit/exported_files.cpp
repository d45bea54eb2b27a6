#include "exported_files.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"
#include "sealroom/log/entry.hpp"

namespace sealroom::audit {
namespace {

constexpr std::size_t kMostFindings = 200;

constexpr std::size_t kLongestLine = std::size_t{8} << 20;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

std::unexpected<Error> too_large() {
  return fail(ErrorKind::Failed, fmt::format("is larger than {} octets", kLargestFile));
}

std::unexpected<Error> too_long() {
  return fail(ErrorKind::Failed, fmt::format("has a line of more than {} octets", kLongestLine));
}

// Stops at what nobody will look at.
class Bounds {
 public:
  explicit Bounds(bool by_lines) : by_lines_(by_lines) {}

  Result<Done> take(ByteView piece) {
    const auto end = by_lines_ ? as_text(piece).rfind('\n') : std::string_view::npos;
    octets_ = end == std::string_view::npos ? octets_ + piece.size() : piece.size() - end - 1;
    if (by_lines_ && octets_ > kLongestLine) return too_long();
    if (!by_lines_ && octets_ > kLargestFile) return too_large();
    return Done{};
  }

 private:
  bool by_lines_;
  std::size_t octets_ = 0;  // of the file, or of its line so far
};

}  // namespace

Result<Done> append(std::string& text, ByteView piece) {
  if (piece.size() > kLargestFile - text.size()) return too_large();
  text += as_text(piece);
  return Done{};
}

void Complaints::add(std::string_view id, std::string detail) {
  if (verification_.findings.size() < kMostFindings) {
    if (!std::ranges::all_of(detail, is_printable)) detail = printable(detail);
    verification_.findings.push_back({std::string(id), std::move(detail)});
  } else {
    ++verification_.findings_left_out;
  }
}

ExportedFiles::ExportedFiles(const Files& files, Complaints& complaints) : files_(files), complaints_(complaints) {
  for (const auto& path : files.paths()) {
    Bounds bounds(path == log::kLogFile);
    auto digest = read(path, [&](ByteView piece) { return bounds.take(piece); });
    digests_.emplace(path, digest.value_or(Digest{}));
    if (!digest) unreadable_.insert(path);
  }
}

std::optional<Digest> ExportedFiles::read(const std::string& path, const std::function<Result<Done>(ByteView)>& take) {
  Sha256 hash;
  auto done = files_.read(path, [&](ByteView piece) -> Result<Done> {
    hash.add(piece);
    return take(piece);
  });
  if (done) return hash.finish();
  complaints_.add("verify.unreadable", fmt::format("{}: {}", printable(path), done.error().message));
  return std::nullopt;
}

bool ExportedFiles::take_in(const std::string& path) {
  belonging_.insert(path);
  if (has(path)) return !unreadable_.contains(path);
  complaints_.add("verify.missing-file", fmt::format("{}: is missing", printable(path)));
  return false;
}

std::optional<std::string> ExportedFiles::text(const std::string& path) {
  if (!take_in(path)) return std::nullopt;
  std::string text;
  const auto digest = read(path, [&](ByteView piece) { return append(text, piece); });
  if (!digest) return std::nullopt;
  complaints_.require(*digest == digests_.at(path), "verify.unreadable",
                      fmt::format("{}: has changed while it was read", printable(path)));
  return text;
}

std::optional<Json> ExportedFiles::json(const std::string& path, std::size_t most) {
  const auto octets = text(path);
  if (!octets) return std::nullopt;
  auto json = parse_json(*octets, path, most);
  if (json) return std::move(*json);
  complaints_.add("verify.unreadable", fmt::format("{}: {}", printable(path), json.error().message));
  return std::nullopt;
}

void ExportedFiles::each_line(const std::string& path, const std::function<void(std::string_view)>& visit) {
  if (!take_in(path)) return;
  std::string rest;
  const auto digest = read(path, [&](ByteView piece) -> Result<Done> {
    rest += as_text(piece);
    std::size_t start = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', start)) {
      visit(std::string_view(rest).substr(start, end - start));
      start = end + 1;
    }
    rest.erase(0, start);
    if (rest.size() <= kLongestLine) return Done{};
    return too_long();
  });
  if (!digest) return;
  complaints_.require(*digest == digests_.at(path), "verify.unreadable",
                      fmt::format("{}: has changed while it was read", printable(path)));
  complaints_.require(rest.empty(), "verify.entry", fmt::format("{}: its last line has no line feed", printable(path)));
}

void ExportedFiles::check_completeness() {
  for (const auto& [path, digest] : digests_) {
    complaints_.require(belonging_.contains(path) || path == kSumsFile, "verify.unexpected-file",
                        fmt::format("{}: does not belong to the export", printable(path)));
  }
  auto others = digests_;
  others.erase(kSumsFile);
  const auto sums = text(kSumsFile);
  complaints_.require(!sums || *sums == sums_text(others), "verify.sums",
                      fmt::format("{}: is not exactly the sums of the files that are here", kSumsFile));
}

std::string text_in(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> count_in(const Json& object, const char* name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

const Json& list_in(const Json& object, const char* name) {
  static const Json kEmpty = Json::array();
  if (!object.is_object()) return kEmpty;
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : kEmpty;
}

}  // namespace sealroom::audit
