#include "sealroom/x509/pem.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pem_reader.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLineLength = 64;  // RFC 7468 section 2

bool looks_like_der(ByteView octets) { return octets.size() > 2 && octets[0] == 0x30 && octets[1] >= 0x80; }

// The contents of the blocks with `label`.
Result<std::vector<Bytes>> contents_of(const std::vector<pem::Block>& blocks, std::string_view label,
                                       std::string_view what) {
  std::vector<Bytes> contents;
  for (const auto& block : blocks) {
    if (block.fault != pem::BlockFault::None) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: line {}: the PEM block behind this line {}", what, block.line,
                              block.fault == pem::BlockFault::Base64 ? "is not base64" : "has not its END line"),
                  "copy the file again, whole");
    }
    if (block.label == label) contents.push_back(block.contents);
  }
  return contents;
}

}  // namespace

std::string to_pem(std::string_view label, ByteView der) {
  const std::string base64 = to_base64(der);
  const auto begin = fmt::format("-----BEGIN {}-----\n", label);
  const auto end = fmt::format("-----END {}-----\n", label);
  std::string text;
  text.reserve(begin.size() + base64.size() + base64.size() / kLineLength + 1 + end.size());
  text += begin;
  for (std::size_t at = 0; at < base64.size(); at += kLineLength) {
    text.append(base64, at, kLineLength).append(1, '\n');
  }
  return text += end;
}

Result<std::vector<Bytes>> read_certificates(ByteView text, std::string_view what) {
  if (looks_like_der(text)) return std::vector<Bytes>{copy(text)};
  const auto blocks = pem::read_blocks(as_text(text));
  if (std::ranges::any_of(blocks, [](const auto& block) { return pem::names_private_key(block.label); })) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds a private key, where only certificates belong", what),
                "give a file with certificates only, and keep the key away from it");
  }
  auto certificates = contents_of(blocks, kCertificatePem, what);
  if (!certificates) return certificates;
  if (certificates->empty()) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds no certificate", what),
                "give certificates in PEM (BEGIN CERTIFICATE) or one in DER");
  }
  return certificates;
}

Result<std::vector<Bytes>> read_public_keys(std::string_view text, std::string_view what) {
  auto keys = contents_of(pem::read_blocks(text), "PUBLIC KEY", what);
  if (!keys) return keys;
  if (keys->empty()) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds no public key", what),
                "give a public key in PEM (BEGIN PUBLIC KEY)");
  }
  return keys;
}

}  // namespace sealroom
