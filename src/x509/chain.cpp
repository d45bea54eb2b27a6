#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/certificate.hpp"
#include "sealroom/x509/issuer_chain.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

// Borrows its certificates.
using CertificateStack = Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }>;

std::optional<int> purpose_of(std::string_view name) {
  if (name == "sslserver") return X509_PURPOSE_SSL_SERVER;
  if (name == "sslclient") return X509_PURPOSE_SSL_CLIENT;
  if (name == "any" || name == "ca") return X509_PURPOSE_ANY;
  return std::nullopt;
}

std::unexpected<Error> not_prepared() {
  return fail(ErrorKind::Failed, fmt::format("chain cannot be verified: {}", openssl_errors()));
}

std::unexpected<Error> not_verified(X509_STORE_CTX* context, const std::vector<Certificate>& chain) {
  const char* reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  openssl_errors();
  const X509* current = X509_STORE_CTX_get_current_cert(context);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i].get() != current) continue;
    return fail(ErrorKind::Failed, fmt::format("certificate {} of {} in the chain ({}): {}", i + 1, chain.size(),
                                               printable_name(chain[i].subject()), reason));
  }
  return fail(ErrorKind::Failed, fmt::format("chain: {}", reason));
}

// OpenSSL takes from the middle what it can use and passes over the rest; here every certificate must be a link.
bool is_as_built(const STACK_OF(X509) * built, const std::vector<Certificate>& chain) {
  if (static_cast<std::size_t>(sk_X509_num(built)) != chain.size()) return false;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (X509_cmp(sk_X509_value(built, static_cast<int>(i)), chain[i].get()) != 0) return false;
  }
  return true;
}

// What OpenSSL does with signatures and times: its own work, or nothing, because the caller does it.
enum class SignaturesAndTimes { Verify, AreTheCallers };

Result<Done> verify(const std::vector<Certificate>& chain, Instant at, const char* purpose, SignaturesAndTimes share) {
  const auto wanted = purpose_of(purpose);
  if (!wanted) return fail(ErrorKind::Failed, fmt::format("no certificate purpose is named {}", purpose));
  if (chain.empty()) return fail(ErrorKind::Failed, "chain has no certificates");
  const OwnedStore trusted(X509_STORE_new());
  const CertificateStack between(sk_X509_new_null());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  if (!trusted || !between || !context) std::abort();
  if (share == SignaturesAndTimes::AreTheCallers) {
    X509_STORE_set_verify(trusted.get(), [](X509_STORE_CTX*) { return 1; });
  }
  if (X509_STORE_add_cert(trusted.get(), chain.back().get()) != 1) return not_prepared();
  for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
    if (sk_X509_push(between.get(), chain[i].get()) == 0) std::abort();
  }
  if (X509_STORE_CTX_init(context.get(), trusted.get(), chain.front().get(), between.get()) != 1) return not_prepared();
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, at.time_since_epoch().count());
  if (X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) != 1 ||
      X509_STORE_CTX_set_purpose(context.get(), *wanted) != 1) {
    return not_prepared();
  }
  if (X509_verify_cert(context.get()) != 1) return not_verified(context.get(), chain);
  if (!is_as_built(X509_STORE_CTX_get0_chain(context.get()), chain)) {
    return fail(ErrorKind::Failed, "chain: it verifies, but not with exactly these certificates in this order");
  }
  // No purpose of OpenSSL asks the first certificate to be a CA; 1 is a v3 certificate with CA:TRUE.
  if (std::string_view(purpose) == "ca" && X509_check_ca(chain.front().get()) != 1) {
    return fail(ErrorKind::Failed, fmt::format("{} is no CA", printable_name(chain.front().subject())));
  }
  return Done{};
}

}  // namespace

Result<Done> verify_chain(const std::vector<Certificate>& chain, Instant at, const char* purpose) {
  return verify(chain, at, purpose, SignaturesAndTimes::Verify);
}

Result<IssuerChain> IssuerChain::verify(std::vector<Certificate> chain) {
  if (chain.empty()) return fail(ErrorKind::Failed, "chain has no certificates");
  for (std::size_t i = 0; i < chain.size(); ++i) {
    // OpenSSL works out a certificate's extensions when it first needs them: here, and not in several threads at once.
    if (X509_check_purpose(chain[i].get(), -1, 0) != 1) {
      openssl_errors();
      return fail(ErrorKind::Failed, fmt::format("certificate {} of {} in the chain ({}): its extensions are not valid",
                                                 i + 1, chain.size(), printable_name(chain[i].subject())));
    }
    const auto& above = chain[std::min(i + 1, chain.size() - 1)];
    if (!above.is_ca() || !above.may_sign_certificates() || !chain[i].signed_by(above.key())) {
      return fail(ErrorKind::Failed,
                  fmt::format("certificate {} of {} in the chain ({}): is not signed by the CA above it", i + 1,
                              chain.size(), printable_name(chain[i].subject())));
    }
  }
  if (!chain.front().is_ca() || !chain.front().may_sign_certificates()) {
    return fail(ErrorKind::Failed,
                fmt::format("{} may not sign certificates", printable_name(chain.front().subject())));
  }
  return IssuerChain(std::move(chain));
}

Digest IssuerChain::digest() const {
  Sha256 hash;
  for (const auto& certificate : certificates_) hash.add(certificate.digest());
  return hash.finish();
}

// OpenSSL takes notAfter itself for past, so the last second of the leaf counts for nothing there.
Result<Done> IssuerChain::admits(const Certificate& leaf, const char* purpose) const {
  if (leaf.not_before() >= leaf.not_after()) {
    return fail(ErrorKind::Failed, fmt::format("{}: is never valid", printable_name(leaf.subject())));
  }
  for (const auto& certificate : certificates_) {
    if (leaf.not_before() >= certificate.not_before() && leaf.not_after() <= certificate.not_after()) continue;
    return fail(ErrorKind::Failed, fmt::format("{}: is not valid from {} to {}", printable_name(certificate.subject()),
                                               to_rfc3339(leaf.not_before()), to_rfc3339(leaf.not_after())));
  }
  std::vector<Certificate> chain{leaf};
  chain.insert(chain.end(), certificates_.begin(), certificates_.end());
  return sealroom::verify(chain, leaf.not_before(), purpose, SignaturesAndTimes::AreTheCallers);
}

}  // namespace sealroom
