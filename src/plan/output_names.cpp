#include "sealroom/plan/output_names.hpp"

#include <algorithm>
#include <array>

#include "characters.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLongest = 80;
constexpr std::string_view kPrefix = "req-";

bool is_plain_character(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; }

// The file's name without directories and without its last ending.
std::string_view stem_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path.substr(0, path.rfind('.'));
}

// Names that DOS and its heirs give to devices, with any ending ("con.txt").
bool is_device(std::string_view lowered) {
  constexpr std::array<std::string_view, 4> kDevices{"con", "prn", "aux", "nul"};
  const auto base = lowered.substr(0, lowered.find('.'));
  if (std::ranges::find(kDevices, base) != kDevices.end()) return true;
  return base.size() == 4 && (base.starts_with("com") || base.starts_with("lpt")) && is_digit(base[3]);
}

// A stem of the form of the names made here could be another request's name.
bool looks_made_here(std::string_view lowered) {
  constexpr std::size_t kDigits = 16;
  return lowered.starts_with(kPrefix) && lowered.size() == kPrefix.size() + kDigits &&
         lowered.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

bool is_usable(std::string_view stem) {
  if (stem.empty() || stem.size() > kLongest || stem.front() == '.' || stem.front() == '-' || stem.back() == '.') {
    return false;
  }
  const auto lowered = ascii_lower(stem);
  return std::ranges::all_of(stem, is_plain_character) && !is_device(lowered) && !looks_made_here(lowered);
}

}  // namespace

void OutputNames::add(std::string_view path) {
  const auto stem = stem_of(path);
  if (!is_usable(stem)) return;
  auto lowered = ascii_lower(stem);
  if (!stems_.insert(lowered).second) taken_twice_.insert(std::move(lowered));
}

std::string OutputNames::name_for(std::string_view path, const Digest& request) const {
  const auto stem = stem_of(path);
  if (is_usable(stem) && !taken_twice_.contains(ascii_lower(stem))) return std::string(stem);
  return std::string(kPrefix) + to_hex(ByteView(request).first(8));
}

}  // namespace sealroom
