#include "request_envelope.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "pem_reader.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kMakeAgain = "make the request again, for example with openssl req -new";

bool is_request_label(std::string_view label) {
  return label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST";
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos; }

// "--BEGIN" in UTF-16 of one or the other octet order, or a UTF-16 byte order mark.
bool is_utf_16(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
  std::string begin;
  for (const char c : std::string_view("-BEGIN")) {
    begin += '\0';
    begin += c;
  }
  return text.find(begin) != std::string_view::npos;
}

// A DER SEQUENCE begins with "0" and its length; a text that begins with the digit 0 does not go on like that.
bool looks_like_der(ByteView octets) {
  return octets.size() >= 2 && octets[0] == 0x30 && (octets[1] >= 0x7f || octets.size() - 2 == octets[1]);
}

void add(Findings& findings, const char* id, std::string detail) { findings.push_back({id, std::move(detail)}); }

void report_private_key(Findings& findings) {
  add(findings, "request.private-key",
      "the file holds a private key beside or instead of a request; treat that key as disclosed: make a new key, keep "
      "it "
      "where it is used, and bring a request only");
}

// What is wrong with a block that should be a request; true when nothing is.
bool is_sound(const pem::Block& block, Findings& findings) {
  if (block.fault == pem::BlockFault::Label) {
    add(findings, "request.pem-header",
        fmt::format(
            "line {}: the BEGIN and END lines of the PEM block do not belong together (BEGIN and END CERTIFICATE "
            "REQUEST); copy the request again, whole",
            block.line));
    return false;
  }
  if (!is_request_label(block.label)) {
    add(findings, "request.pem-label",
        fmt::format("line {}: the PEM block is \"{}\", not CERTIFICATE REQUEST; {}", block.line,
                    printable(block.label.substr(0, 64)), kMakeAgain));
    return false;
  }
  if (block.fault == pem::BlockFault::Base64) {
    add(findings, "request.pem-base64",
        fmt::format("line {}: the PEM block behind this line is not base64 throughout; copy the request again, whole",
                    block.line));
    return false;
  }
  return true;
}

}  // namespace

std::optional<Bytes> open_request_file(ByteView octets, Findings& findings) {
  std::string_view text = as_text(octets);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (is_blank(text)) {
    add(findings, "request.empty", "the file is empty; write the request into it again");
    return std::nullopt;
  }
  if (looks_like_der(octets)) return copy(octets);
  if (is_utf_16(text)) {
    add(findings, "request.utf-16", "the file is text in UTF-16; save it as ASCII or UTF-8");
    return std::nullopt;
  }
  const auto blocks = pem::read_blocks(text);
  const bool labelled =
      std::ranges::any_of(blocks, [](const auto& block) { return pem::names_private_key(block.label); });
  if (labelled || pem::holds_private_key(text)) report_private_key(findings);
  if (blocks.empty()) {
    add(findings, "request.not-pem-or-der",
        fmt::format("the file is neither PEM (no line begins with -----BEGIN CERTIFICATE REQUEST-----) nor DER; {}",
                    kMakeAgain));
    return std::nullopt;
  }
  std::size_t others = 0;
  std::optional<Bytes> request;
  for (const auto& block : blocks) {
    if (pem::names_private_key(block.label)) continue;
    ++others;
    if (is_sound(block, findings)) request = block.contents;
  }
  if (others > 1) {
    add(findings, "request.pem-two-blocks",
        fmt::format("the file holds {} PEM blocks; put each request into a file of its own", others));
    return std::nullopt;
  }
  return request;
}

}  // namespace sealroom
