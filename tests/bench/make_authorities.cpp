// make_authorities COUNT DIRECTORY: self-signed CA certificates 00000.pem, 00001.pem, ... of one P-256 key, as truststores
// hold them. By `openssl req` it would take minutes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/pem.hpp"
#include "support/openssl_certificates.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  using namespace sealroom::testing;
  CertificateRecipe recipe;
  recipe.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                       {"keyUsage", "critical,keyCertSign,cRLSign"},
                       {"subjectKeyIdentifier", "hash"}};
  for (int i = 0; i < std::atoi(argv[1]); ++i) {
    recipe.serial = i + 1;
    recipe.subject = {{"O", "Bench"}, {"CN", fmt::format("Bench CA {:05}", i)}};
    const auto der = der_of_certificate(make_certificate(recipe, nullptr, test_key(recipe.key)));
    const auto pem = sealroom::to_pem("CERTIFICATE", der);
    const auto path = fmt::format("{}/{:05}.pem", argv[2], i);
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || std::fputs(pem.c_str(), file) < 0 || std::fclose(file) != 0) return 1;
  }
}
