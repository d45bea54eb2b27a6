#include "trust_files.hpp"

#include <fmt/format.h>

#include "input_files.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::pack {

Result<TrustCandidate> TrustFiles::at(std::size_t index) {
  auto der = octets(index);
  if (!der) return pass_on(der);
  auto certificate = Certificate::parse(*der);
  if (!certificate) return pass_on(certificate, printable(files_[index].path));
  seen_[index] = certificate->digest();
  return TrustCandidate{files_[index].alias, std::move(*certificate)};
}

Result<Bytes> TrustFiles::octets(std::size_t index) const {
  const auto& path = files_[index].path;
  auto ders = read_certificate_ders(path);
  if (!ders) return pass_on(ders);
  if (ders->size() != 1) {
    return fail(ErrorKind::Failed,
                fmt::format("{}: holds {} certificates, an entry has one", printable(path), ders->size()),
                "give each certificate a file and an --entry of its own");
  }
  if (seen_[index] != Digest{} && sha256(ders->front()) != seen_[index]) {
    return fail(ErrorKind::Failed, fmt::format("{}: was changed while it was being packed", printable(path)));
  }
  return std::move(ders->front());
}

}  // namespace sealroom::pack
