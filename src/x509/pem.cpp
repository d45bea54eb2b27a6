#include "sealroom/x509/pem.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pem_reader.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLineLength = 64;  // RFC 7468 section 2

bool looks_like_der(ByteView octets) { return octets.size() > 2 && octets[0] == 0x30 && octets[1] >= 0x80; }

}  // namespace

std::string to_pem(std::string_view label, ByteView der) {
  const std::string base64 = to_base64(der);
  std::string text = fmt::format("-----BEGIN {}-----\n", label);
  for (std::size_t at = 0; at < base64.size(); at += kLineLength) {
    text.append(base64, at, kLineLength).append(1, '\n');
  }
  return text + fmt::format("-----END {}-----\n", label);
}

Result<std::vector<Bytes>> read_certificates(ByteView text, std::string_view what) {
  if (looks_like_der(text)) return std::vector<Bytes>{copy(text)};
  const auto blocks = pem::read_blocks(as_text(text));
  if (std::ranges::any_of(blocks, [](const auto& block) { return pem::names_private_key(block.label); })) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds a private key, where only certificates belong", what),
                "give a file with certificates only, and keep the key away from it");
  }
  std::vector<Bytes> certificates;
  for (const auto& block : blocks) {
    if (block.fault != pem::BlockFault::None) {
      return fail(ErrorKind::Failed,
                  fmt::format("{}: line {}: the PEM block behind this line {}", what, block.line,
                              block.fault == pem::BlockFault::Base64 ? "is not base64" : "has not its END line"),
                  "copy the file again, whole");
    }
    if (block.label == "CERTIFICATE") certificates.push_back(block.contents);
  }
  if (certificates.empty()) {
    return fail(ErrorKind::Failed, fmt::format("{}: holds no certificate", what),
                "give certificates in PEM (BEGIN CERTIFICATE) or one in DER");
  }
  return certificates;
}

}  // namespace sealroom
