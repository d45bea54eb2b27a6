#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/issuance/release.hpp"
#include "sealroom/x509/certificate.hpp"

namespace sealroom {

// A file of text, readable for everybody.
OutFile text_file(std::string path, std::string_view text);

// The files of the certificate `der` with the path `stem`, below the chain that IssuerFiles has: certificate, chains and
// a PKCS#7 bag, whatever a broker's or a client's tools ask for.
std::vector<OutFile> certificate_files(const std::string& stem, ByteView der, const IssuerFiles& above);

// What all files of an issuer's certificates have in common. `above` is its own certificate first, its root last; empty for
// a certificate that is its own issuer's.
IssuerFiles issuer_files(std::span<const Certificate> above);

}  // namespace sealroom
