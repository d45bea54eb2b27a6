#include "sealroom/x509/signed_octets.hpp"

#include <fmt/format.h>

#include "der_reader.hpp"
#include "signature_algorithm.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kDeepest = 32;

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::Failed, "certificate: " + std::move(why), "bring the certificate again, in DER or PEM");
}

// The algorithm that a TBSCertificate names for its signature; empty where none stands.
ByteView algorithm_inside(ByteView to_be_signed) {
  der::Reader parts(der::Reader(to_be_signed).next()->contents);
  static_cast<void>(parts.next(der::kContext0));
  const auto number = parts.next(der::kInteger);
  const auto algorithm = number ? parts.next(der::kSequence) : std::nullopt;
  return algorithm ? algorithm->whole : ByteView();
}

}  // namespace

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } (RFC 5280 section 4.1)
Result<SignedOctets> SignedOctets::read(ByteView der) {
  if (const auto fault = der::check(der, kDeepest)) {
    return refuse(fmt::format("is not DER: {} (at octet {})", fault->reason, fault->offset));
  }
  const auto whole = der::Reader(der).next();
  der::Reader parts(whole->contents);
  const auto tbs = parts.next(der::kSequence);
  const auto algorithm = parts.next(der::kSequence);
  const auto bits = parts.next(der::kBitString);
  const auto octets = bits ? der::whole_octets(*bits) : std::nullopt;
  if (whole->identifier != der::kSequence || !tbs || !algorithm || !octets || !parts.done()) {
    return refuse("has not the three parts of a certificate");
  }
  SignedOctets read;
  read.to_be_signed_ = tbs->whole;
  read.algorithm_ = algorithm->whole;
  read.signature_ = *octets;
  return read;
}

bool SignedOctets::signed_by(const PublicKey& key) const {
  if (!equal(algorithm_, algorithm_inside(to_be_signed_))) return false;
  der::Reader identifier(der::Reader(algorithm_).next()->contents);
  const auto oid = identifier.next(der::kOid);
  const auto parameters = identifier.next();
  const auto algorithm =
      oid && identifier.done() ? accepted_signature_algorithm(der::oid_text(oid->contents)) : std::nullopt;
  return algorithm && algorithm->family != SignatureFamily::Ed25519 &&
         has_right_parameters(algorithm->family, parameters ? parameters->whole : ByteView()) &&
         fits(algorithm->family, key) && key.verifies(to_be_signed_, signature_, algorithm->hash);
}

}  // namespace sealroom
