#include "sealroom/policy/weak_key_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kLineDigits = 2 * WeakKeyList::Fingerprint().size();

bool is_fingerprint(std::string_view line) {
  return line.size() == kLineDigits && line.find_first_not_of(kDigits) == std::string_view::npos;
}

WeakKeyList::Fingerprint fingerprint_of(std::string_view line) {
  WeakKeyList::Fingerprint made{};
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = static_cast<std::uint8_t>(kDigits.find(line[2 * i]) << 4 | kDigits.find(line[2 * i + 1]));
  }
  return made;
}

}  // namespace

Result<WeakKeyList> WeakKeyList::parse(std::string_view file, ByteView text) {
  WeakKeyList list;
  list.fingerprints_.reserve(text.size() / (kLineDigits + 1) + 1);
  std::string_view rest = as_text(text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (!is_fingerprint(line)) {
      return fail(ErrorKind::Usage,
                  fmt::format("{}:{}: is not {} lower-case hexadecimal digits", printable(file), number, kLineDigits),
                  "the file has the form of Debian's openssl-blacklist (openssl-vulnkey(1))");
    }
    list.fingerprints_.push_back(fingerprint_of(line));
  }
  if (list.fingerprints_.empty()) return fail(ErrorKind::Usage, fmt::format("{}: names no key", printable(file)));
  std::ranges::sort(list.fingerprints_);
  return list;
}

bool WeakKeyList::contains(const Fingerprint& fingerprint) const {
  return std::ranges::binary_search(fingerprints_, fingerprint);
}

}  // namespace sealroom
