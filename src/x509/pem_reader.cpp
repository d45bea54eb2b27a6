#include "pem_reader.hpp"

#include <optional>

#include "sealroom/crypto/crypto.hpp"

namespace sealroom::pem {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::size_t number() const { return number_; }  // of the line that next() gave last

  std::string_view next() {
    before_ = rest_;
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    ++number_;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    return line;
  }

  // Makes next() give the last line again.
  void put_back() {
    rest_ = before_;
    --number_;
  }

 private:
  std::string_view rest_;
  std::string_view before_;
  std::size_t number_ = 0;
};

// The label of a begin or end line; nothing when `line` is not one. A line that lacks its last dashes has its rest as
// label, so that it matches no other.
std::optional<std::string_view> label_in(std::string_view line, std::string_view start) {
  if (!line.starts_with(start)) return std::nullopt;
  line.remove_prefix(start.size());
  if (line.ends_with(kDashes)) line.remove_suffix(kDashes.size());
  return line;
}

bool is_whole(std::string_view line, std::string_view start) {
  return line.size() > start.size() + kDashes.size() && line.ends_with(kDashes);
}

// Reads the lines behind a begin line up to and with the end line.
Block read_block(Lines& lines, std::string_view begin_line) {
  Block block{std::string(*label_in(begin_line, kBegin)), lines.number(), BlockFault::Label, {}};
  const bool is_private = names_private_key(block.label);
  std::string base64;
  while (!lines.done()) {
    const auto line = lines.next();
    if (const auto label = label_in(line, kEnd)) {
      if (*label != block.label || !is_whole(begin_line, kBegin) || !is_whole(line, kEnd)) return block;
      block.fault = BlockFault::None;
      break;
    }
    if (line.starts_with(kBegin)) {
      lines.put_back();
      return block;
    }
    if (!is_private) base64 += line;
  }
  if (block.fault != BlockFault::None || is_private) return block;
  auto contents = from_base64(base64);
  if (contents && !contents->empty()) {
    block.contents = std::move(*contents);
  } else {
    block.fault = BlockFault::Base64;
  }
  return block;
}

}  // namespace

std::vector<Block> read_blocks(std::string_view text) {
  std::vector<Block> blocks;
  Lines lines(text);
  while (!lines.done()) {
    const auto line = lines.next();
    if (line.starts_with(kBegin)) {
      blocks.push_back(read_block(lines, line));
    } else if (const auto label = label_in(line, kEnd)) {
      blocks.push_back({std::string(*label), lines.number(), BlockFault::Label, {}});
    }
  }
  return blocks;
}

bool names_private_key(std::string_view label) { return label.find("PRIVATE KEY") != std::string_view::npos; }

bool holds_private_key(std::string_view text) { return text.find("PRIVATE KEY-----") != std::string_view::npos; }

}  // namespace sealroom::pem
