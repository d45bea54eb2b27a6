#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"

namespace sealroom::pem {

enum class BlockFault {
  None,
  Label,   // no end line, or one with another label
  Base64,  // the lines between are not base64 and nothing else
};

// One block of PEM text (RFC 7468).
struct Block {
  std::string label;     // octets as in the begin line
  std::size_t line = 0;  // of the begin line, from 1
  BlockFault fault = BlockFault::None;
  Bytes contents;  // decoded; empty when there is a fault, and always for private keys
};

// Every block whose begin line starts a line. Lines end with LF or CR LF; blanks at their ends and text between blocks
// are passed over. An end line that ends nothing counts as a block with a Label fault.
std::vector<Block> read_blocks(std::string_view text);

// "PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", ...
bool names_private_key(std::string_view label);

// A private key's begin or end line stands anywhere in `text`: read_blocks() sees it only where it starts a line, and not
// when it is indented or quoted.
bool holds_private_key(std::string_view text);

}  // namespace sealroom::pem
