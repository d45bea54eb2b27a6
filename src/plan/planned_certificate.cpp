#include "sealroom/plan/planned_certificate.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "certificate_builder.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "to_be_signed.hpp"

namespace sealroom {
namespace {

// The DER of one value with `tag`, which is a low universal one.
Bytes wrap(int tag, bool constructed, ByteView contents) {
  const int length = static_cast<int>(contents.size());
  const int size = ASN1_object_size(constructed ? 1 : 0, length, tag);
  if (size < 0) std::abort();
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* next = out.data();
  ASN1_put_object(&next, constructed ? 1 : 0, length, tag, V_ASN1_UNIVERSAL);
  std::ranges::copy(contents, next);
  return out;
}

// The plan must already be a certificate that passes every rule; only its signature is missing.
Result<Certificate> check_plan(ByteView to_be_signed, const Permit& permit) {
  constexpr std::array<std::uint8_t, 1> kNoSignature{0};
  const auto assembled = assemble_certificate(to_be_signed, kNoSignature);
  if (!assembled) std::abort();
  const auto certificate = Certificate::parse_unsigned(*assembled, permit.csr().request().key());
  if (!certificate) return fail(ErrorKind::Failed, "the planned certificate: " + certificate.error().message);
  const auto& rules = permit.rules();
  const auto* issuer = rules.profile->own_certificate ? nullptr : rules.issuer_certificate;
  const auto findings = check_certificate(*certificate, {rules.profile->purpose, issuer});
  if (findings.empty()) return *certificate;
  std::string all;
  for (const auto& finding : findings)
    all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", finding.id, finding.detail);
  return fail(ErrorKind::Failed,
              fmt::format("profile {} would make a certificate that must not be: {}", rules.profile->name, all),
              fmt::format("correct section {} in {}", rules.profile->section_of(certificate->key().type()),
                          rules.issuer->file()));
}

}  // namespace

std::optional<Serial> make_serial(ByteView kernel, ByteView token) {
  Sha256 hash;
  hash.add(kernel);
  hash.add(token);
  const auto digest = hash.finish();
  Serial serial;
  std::copy_n(digest.begin(), serial.size(), serial.begin());
  serial[0] &= 0x7f;
  if (serial[0] == 0) return std::nullopt;  // DER would leave it out, and everybody else would print another number
  return serial;
}

Result<PlannedCertificate> PlannedCertificate::build(const Permit& permit, const Serial& serial) {
  auto to_be_signed = build_to_be_signed(permit, serial);
  if (!to_be_signed) return pass_on(to_be_signed);
  auto checked = check_plan(*to_be_signed, permit);
  if (!checked) return pass_on(checked);
  PlannedCertificate planned(std::move(*checked));
  planned.to_be_signed_ = *std::move(to_be_signed);
  planned.serial_ = serial;
  planned.validity_ = permit.validity();
  planned.subject_ = permit.examination().subject;
  planned.hash_ = permit.rules().issuer->default_md();
  planned.purpose_ = permit.rules().profile->purpose;
  return planned;
}

Result<Bytes> assemble_certificate(ByteView to_be_signed, ByteView signature) {
  const auto parts = parts_of(to_be_signed);
  if (!parts) return fail(ErrorKind::Failed, "the octets to be signed are no TBSCertificate of version 3");
  Bytes bits{0};  // no unused bits
  bits.insert(bits.end(), signature.begin(), signature.end());
  Bytes contents = copy(to_be_signed);
  contents.insert(contents.end(), parts->algorithm.begin(), parts->algorithm.end());
  const auto wrapped = wrap(V_ASN1_BIT_STRING, false, bits);
  contents.insert(contents.end(), wrapped.begin(), wrapped.end());
  return wrap(V_ASN1_SEQUENCE, true, contents);
}

}  // namespace sealroom
