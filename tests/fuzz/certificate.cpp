// Certificates as `issuer install` and sealroom-pack read them.
#include <cstdlib>

#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/pem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto ders = sealroom::read_certificates({data, size}, "fuzz");
  if (!ders) return 0;
  for (const auto& der : *ders) {
    auto certificate = sealroom::Certificate::parse(der);
    if (certificate && certificate->der() != der) std::abort();
  }
  return 0;
}
