#include <fmt/format.h>

#include "key_intent.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/x509/request.hpp"

namespace sealroom {
namespace {

// CertificationRequestInfo (RFC 2986 section 4.1) of `name` and `key` without attributes, as `openssl req -new` makes
// it from the same configuration. The key goes in as octets, never re-encoded.
Result<OwnedReq> request_of(const Bytes& name, const TokenKey& key) {
  OwnedReq request(X509_REQ_new());
  const unsigned char* next = name.data();
  const OwnedName subject(d2i_X509_NAME(nullptr, &next, static_cast<long>(name.size())));
  next = key.public_key().der().data();
  X509_PUBKEY* held = X509_REQ_get_X509_PUBKEY(request.get());
  const bool made = request && subject && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    X509_REQ_set_subject_name(request.get(), subject.get()) == 1 &&
                    d2i_X509_PUBKEY(&held, &next, static_cast<long>(key.public_key().der().size())) != nullptr;
  if (!made) return fail(ErrorKind::Failed, fmt::format("request cannot be made: {}", openssl_errors()));
  return request;
}

Bytes to_be_signed_of(const OwnedReq& request) {
  return der_of(request.get(), [](X509_REQ* all, unsigned char** out) { return i2d_re_X509_REQ_tbs(all, out); });
}

// The request, signed on the token and read back.
Result<Bytes> signed_request(const OwnedReq& request, const TokenKey& key, HashAlgorithm hash,
                             const RequestLimits& limits) {
  const auto to_be_signed = to_be_signed_of(request);
  auto signature = key.sign(to_be_signed, hash);
  if (!signature) return pass_on(signature);

  const bool rsa = key.public_key().type() == KeyType::Rsa;
  int algorithm = NID_undef;
  if (OBJ_find_sigid_by_algs(&algorithm, EVP_MD_get_type(evp_of(hash)),
                             rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey) != 1) {
    std::abort();
  }
  const ASN1_BIT_STRING* held_signature = nullptr;
  const X509_ALGOR* held_algorithm = nullptr;
  X509_REQ_get0_signature(request.get(), &held_signature, &held_algorithm);
  auto* bits = const_cast<ASN1_BIT_STRING*>(held_signature);
  ASN1_STRING_set(bits, signature->data(), static_cast<int>(signature->size()));
  bits->flags = (bits->flags & ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07)) | ASN1_STRING_FLAG_BITS_LEFT;
  X509_ALGOR_set0(const_cast<X509_ALGOR*>(held_algorithm), OBJ_nid2obj(algorithm), rsa ? V_ASN1_NULL : V_ASN1_UNDEF,
                  nullptr);
  auto der = der_of(request.get(), i2d_X509_REQ);
  auto parsed = ParsedRequest::parse(der, limits);
  if (parsed && VerifiedCsr::verify(*parsed)) return der;
  return fail(ErrorKind::Token, "the request does not verify",
              "the token made a wrong signature; check it before anything else is signed");
}

}  // namespace

Result<Bytes> request_certificate(const Work& work, std::string_view issuer) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto& clock = work.appliance.clock;
  const auto* settings = configuration.issuer(issuer);
  if (settings == nullptr) {
    return fail(ErrorKind::Usage, fmt::format("there is no issuer \"{}\" in sealroom.yaml", issuer),
                "see `sealroom issuer list`");
  }
  auto row = issuer_row(ledger, issuer);
  if (!row) return pass_on(row);
  if (!row->request.empty()) return row->request;
  auto accounted = nothing_unaccounted(ledger, configuration);
  if (!accounted) return pass_on(accounted);
  auto confirmed = clock_is_confirmed(ledger, clock);
  if (!confirmed) return pass_on(confirmed);
  auto key = keys.key(issuer);
  if (!key) return pass_on(key);
  auto request = request_of(settings->config.own_name(), **key);
  if (!request) return pass_on(request, issuer);
  auto token = keys.token(issuer);
  if (!token) return pass_on(token);
  auto intended = note_intent(work, issuer,
                              {.name = "issuer.requesting",
                               .outcome = "ok",
                               .details = {{"issuer", issuer},
                                           {"token_serial", (*token)->info().serial},
                                           {"tbs_sha256", to_hex(sha256(to_be_signed_of(*request)))}}});
  if (!intended) return pass_on(intended);
  auto der = signed_request(*request, **key, settings->config.default_md(), configuration.limits().request);
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  if (!der) {
    auto failed = change->append({.name = "issuer.request-failed",
                                  .outcome = "error",
                                  .details = {{"issuer", issuer}, {"reason", printable(der.error().message)}}},
                                 key_tag(issuer));
    auto noted = failed ? std::move(*change).commit() : Result<Receipt>(pass_on(failed));
    if (!noted) return pass_on(noted);
    return pass_on(der, issuer);
  }
  keys.used(issuer, clock.since_boot());
  row->request = *der;
  if (row->state == "key") row->state = "requested";
  auto seq = change->append({.name = "issuer.requested",
                             .outcome = "ok",
                             .details = {{"issuer", issuer}, {"request_sha256", to_hex(sha256(*der))}}},
                            key_tag(issuer));
  if (!seq) return pass_on(seq);
  auto put = change->put_issuer(*row);
  if (!put) return pass_on(put);
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);
  return *der;
}

}  // namespace sealroom
