#include "keys_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "yaml_fields.hpp"

namespace sealroom {
namespace {

// All of Debian's lists together are smaller. As a sorted array this is 16 MB of memory.
constexpr std::size_t kLargestList = 32 * 1024 * 1024;

// The digest stands in sealroom.yaml, so that the digest of the configuration covers the list, which is too large to
// travel with it.
Result<std::shared_ptr<const WeakKeyList>> read_weak_keys(const YamlValue& value, const DataFileReader& read) {
  constexpr std::string_view what = "debian_weak_keys";
  if (auto keys = value.mapping_of(what, {"file", "sha256"}); !keys) return pass_on(keys);
  auto path = required_text(value, what, "file");
  if (!path) return pass_on(path);
  if (!is_path_in_home(*path)) return value.find("file")->wrong("file must be a path in the home");
  auto expected = required_text(value, what, "sha256");
  if (!expected) return pass_on(expected);

  auto octets = read(*path, kLargestList);
  if (!octets) return value.find("file")->wrong(octets.error().message, octets.error().hint);
  const auto digest = to_hex(sha256(*octets));
  if (digest != *expected) {
    return value.find("sha256")->wrong(fmt::format("sha256 of {} is {}, not {}", *path, digest, printable(*expected)),
                                       "look where the file comes from; `sha256sum` shows its digest");
  }
  auto list = WeakKeyList::parse(*path, *octets);
  if (!list) return pass_on(list);
  return std::make_shared<const WeakKeyList>(std::move(*list));
}

}  // namespace

bool is_path_in_home(std::string_view path) {
  return std::ranges::all_of(split(path, '/'), [](std::string_view part) {
    constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !part.empty() && part != "." && part != ".." && part.find_first_not_of(kPlain) == std::string_view::npos;
  });
}

Result<KeySettings> read_keys(const YamlValue& keys, const DataFileReader& read) {
  KeySettings made;
  auto known = keys.mapping_of("keys", {"least_rsa_exponent", "largest_rsa_bits", "ed25519", "debian_weak_keys"});
  if (!known) return pass_on(known);
  if (auto done = optional_number(keys, "least_rsa_exponent", made.least_rsa_exponent, 3, 4'294'967'295); !done) {
    return pass_on(done);
  }
  if (auto done = optional_number(keys, "largest_rsa_bits", made.largest_rsa_bits, 2'048, 16'384); !done) {
    return pass_on(done);
  }
  auto ed25519 = optional_choice<Ed25519Keys>(keys, "ed25519", made.ed25519,
                                              {{"refuse", Ed25519Keys::Refuse}, {"allow", Ed25519Keys::Allow}});
  if (!ed25519) return pass_on(ed25519);
  if (const YamlValue* list = keys.find("debian_weak_keys")) {
    auto weak = read_weak_keys(*list, read);
    if (!weak) return pass_on(weak);
    made.debian_weak_keys = std::move(*weak);
  }
  return made;
}

}  // namespace sealroom
