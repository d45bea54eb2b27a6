#include "certificate_files.hpp"

#include "sealroom/x509/pem.hpp"

namespace sealroom {

OutFile text_file(std::string path, std::string_view text) { return {std::move(path), copy(as_bytes(text)), 0444}; }

std::vector<OutFile> certificate_files(const std::string& stem, ByteView der, const IssuerFiles& above) {
  const auto own = to_pem(kCertificatePem, der);
  std::vector<ByteView> full{der};
  full.insert(full.end(), above.certificates.begin(), above.certificates.end());
  return {text_file(stem + ".cert.pem", own), text_file(stem + ".chain.pem", own + above.without_root),
          text_file(stem + ".fullchain.pem", own + above.whole),
          text_file(stem + ".p7b", to_pem("PKCS7", to_pkcs7(full)))};
}

IssuerFiles issuer_files(std::span<const Certificate> above) {
  IssuerFiles files;
  for (const auto& certificate : above) {
    files.without_root = files.whole;
    files.whole += to_pem(kCertificatePem, certificate.der());
    files.certificates.push_back(certificate.der());
  }
  return files;
}

}  // namespace sealroom
