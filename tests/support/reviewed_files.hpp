#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sealroom::testing {

// The octets of a file of this repository's ceremony/ folder ("issuers/root.cnf").
inline std::string reviewed_file(const std::string& name) {
  const std::string path = std::string(SEALROOM_SOURCE_DIR) + "/ceremony/" + name;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// `text` with the first `from` replaced; a test whose `from` is gone must fail, not pass.
inline std::string edited(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no \"" + std::string(from) + "\" to edit");
  return text.replace(at, from.size(), to);
}

// The template of sealroom.yaml with the profiles of a set: "issuers" (the guide's) or "issuers-modern".
inline std::string settings_template(const std::string& set = "issuers") {
  return edited(reviewed_file("sealroom.yaml"), "@ISSUERS@\n", reviewed_file(set + "/profiles.yaml"));
}

// Pseudo-random edits that are the same in every run (xorshift, Marsaglia 2003).
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : state_(seed * 2'685'821'657'736'338'717ULL + 1) {}

  // `text` after one to four edits: octets changed, removed, doubled or moved, lines swapped, syntax put in.
  std::string mutate(std::string text) {
    static constexpr std::string_view kPieces[] = {
        "[", "]", "{", "}", "\"", "'", "`", "\\", "\\\n", "$", "${", "$(", "::", "#", "=", ":", ": ", "- ", "? ", "\n",
        "\r\n", "\t", "&a ", "*a", "!!str ", "!", "%", "---\n", "...\n", "<<: ", "|", ">-\n", ",", "@", "DER:",
        "critical,", "\xEF\xBB\xBF", "\xFF", "0", "-1", "99999999999999999999", "null",
        "[[[[[[[[[[[[[[[[[[[[[[[[", "{a: {a: {a: "};
    for (std::uint64_t edits = 1 + below(4); edits > 0; --edits) {
      const auto at = below(text.size() + 1);
      const auto length = below(40);
      switch (below(6)) {
        case 0: text.insert(at, kPieces[below(std::size(kPieces))]); break;
        case 1: text.erase(at, length); break;
        case 2: text.insert(below(text.size() + 1), text.substr(at, length)); break;
        case 3: if (at < text.size()) text[at] = static_cast<char>(below(256)); break;
        case 4: text.resize(at); break;
        default: text.insert(below(text.size() + 1), 1, static_cast<char>(0x20 + below(95)));
      }
    }
    return text;
  }

 private:
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return bound == 0 ? 0 : state_ % bound;
  }
  std::uint64_t state_;
};

}  // namespace sealroom::testing
