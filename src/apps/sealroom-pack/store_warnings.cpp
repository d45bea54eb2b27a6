#include "store_warnings.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "new_password.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::pack {
namespace {

constexpr std::chrono::days kSoon{30};
constexpr long kLeastIterations = 10'000;      // keytool's own figure
constexpr long kLeastKeyIterations = 100'000;  // below, a guessed password costs too little

// Warnings is what one look at a store collects.
class Warnings {
 public:
  Warnings(const Inspection& inspection, const StoreContents& contents, Instant at)
      : inspection_(inspection), contents_(contents), at_(at) {
    const auto slash = inspection.file.rfind('/');
    name_ = ascii_lower(inspection.file.substr(slash == std::string::npos ? 0 : slash + 1));
  }

  void look_at_file();
  void look_at_password(const Secret& password);
  void look_at_keys();
  void look_at_aliases();
  void look_at_certificates();
  Findings take() && { return std::move(warnings_); }

 private:
  bool has(EntryKind kind) const { return std::ranges::count(inspection_.entries, kind, &InspectedEntry::kind) > 0; }
  void warn(std::string id, std::string detail) { warnings_.push_back({std::move(id), std::move(detail)}); }
  void look_at_validity(const std::string& alias, const Certificate& certificate);
  void look_at_chain(const InspectedEntry& entry);

  const Inspection& inspection_;
  const StoreContents& contents_;
  Instant at_;
  std::string name_;
  Findings warnings_;
};

void Warnings::look_at_file() {
  if (inspection_.type == StoreType::Pkcs12 && name_.ends_with(".jks")) {
    warn("inspect.pkcs12-named-jks",
         "is PKCS#12 in spite of its name; Java reads it as JKS only while keystore.type.compat is true");
  }
  if (inspection_.type == StoreType::Jks && (name_.ends_with(".p12") || name_.ends_with(".pfx"))) {
    warn("inspect.jks-named-pkcs12",
         "is JKS in spite of its name; what is told that it is PKCS#12 cannot read it, OpenSSL for one");
  }
  if (inspection_.closed_parts) {
    warn("inspect.not-listed", "parts are encrypted and not listed; give the store's password (--store-password-from)");
  }
}

void Warnings::look_at_password(const Secret& password) {
  if (!password.empty() && !check_strength(password, "store password", WeakPasswords::Refuse)) {
    warn("inspect.weak-password",
         "the store's password is one of those that are tried first; write the store anew with another one");
  }
  if (!password.empty() && !contents_.verified) {
    warn("inspect.no-mac", "has no MAC, so nothing shows whether it was changed; write the store anew");
  }
  const long least = has(EntryKind::PrivateKey) ? kLeastKeyIterations : kLeastIterations;
  if (contents_.least_iterations != 0 && contents_.least_iterations < least) {
    warn("inspect.few-iterations", fmt::format("its password is hashed {} times only, {} is the least advisable; it is "
                                               "guessed that much faster; write the store anew",
                                               contents_.least_iterations, least));
  }
}

void Warnings::look_at_keys() {
  if (contents_.open_key) {
    warn("inspect.open-key", "holds a private key that no password protects; replace the key");
  }
  const bool trusts = has(EntryKind::TrustedCertificate) || name_.find("trust") != std::string::npos;
  if (has(EntryKind::PrivateKey) && trusts) {
    warn("inspect.key-in-truststore",
         "a private key in what is used as a truststore: everyone who gets the file gets "
         "the key; write a truststore of CA certificates");
  }
  for (const auto& entry : inspection_.entries) {
    if (entry.kind != EntryKind::PrivateKey || entry.chain.empty() || !entry.chain.front()) continue;
    if (!entry.chain.front()->is_ca()) continue;
    warn("inspect.ca-key",
         fmt::format("{}: is the private key of a CA; whoever reads this file can issue certificates; "
                     "a CA's key belongs on its token",
                     entry.alias));
  }
}

void Warnings::look_at_aliases() {
  std::map<std::string, int> lowered;
  for (const auto& entry : inspection_.entries) {
    if (entry.alias.empty()) continue;
    const auto lower = ascii_lower(entry.alias);
    // Java lower-cases the aliases of PKCS#12 when it loads them, too.
    if (inspection_.type == StoreType::Jks && lower != entry.alias) {
      warn(
          "inspect.dead-alias",
          fmt::format("{}: is not lower-case, so Java lists it and never finds it; write the store anew", entry.alias));
    }
    if (++lowered[lower] == 2) {
      warn("inspect.alias-collision", fmt::format("{}: is there more than once, and Java keeps the last one", lower));
    }
  }
}

void Warnings::look_at_validity(const std::string& alias, const Certificate& certificate) {
  const auto subject = printable_name(certificate.subject());
  if (at_ > certificate.not_after()) {
    warn("inspect.expired",
         fmt::format("{}: '{}' is not valid since {}", alias, subject, to_rfc3339(certificate.not_after())));
  } else if (at_ < certificate.not_before()) {
    warn("inspect.not-yet-valid",
         fmt::format("{}: '{}' is not valid before {}", alias, subject, to_rfc3339(certificate.not_before())));
  } else if (at_ + kSoon > certificate.not_after()) {
    warn("inspect.expires-soon",
         fmt::format("{}: '{}' is valid until {} only; renew it", alias, subject, to_rfc3339(certificate.not_after())));
  }
}

void Warnings::look_at_chain(const InspectedEntry& entry) {
  for (std::size_t i = 0; i + 1 < entry.chain.size(); ++i) {
    if (!entry.chain[i] || !entry.chain[i + 1]) return;
    if (entry.chain[i]->issuer() == entry.chain[i + 1]->subject() &&
        entry.chain[i]->signed_by(entry.chain[i + 1]->key())) {
      continue;
    }
    warn("inspect.chain-broken", fmt::format("{}: '{}' is not followed by the certificate of its issuer; peers cannot "
                                             "build the chain; write the store anew",
                                             entry.alias, printable_name(entry.chain[i]->subject())));
    return;
  }
  const bool alone = entry.chain.size() == 1 && entry.chain[0] && !entry.chain[0]->self_issued();
  if ((entry.chain.empty() || alone) && !contents_.closed_parts) {
    warn("inspect.chain-incomplete",
         fmt::format("{}: its key has no chain; peers that know only the root do not accept "
                     "it; write the store anew with --chain",
                     entry.alias));
  }
}

void Warnings::look_at_certificates() {
  for (const auto& entry : inspection_.entries) {
    if (entry.kind == EntryKind::Unseen) {
      warn("inspect.unseen-certificate",
           fmt::format("{}: has neither a key nor the mark with which Java knows trusted certificates (openssl pkcs12 "
                       "-nokeys writes none), so Java does not see it; write the store anew",
                       entry.alias.empty() ? "a certificate" : entry.alias));
    }
    for (const auto& certificate : entry.chain) {
      if (certificate) {
        look_at_validity(entry.alias, *certificate);
      } else {
        warn("inspect.not-a-certificate", fmt::format("{}: holds octets that are no certificate", entry.alias));
      }
    }
    if (entry.kind == EntryKind::PrivateKey) look_at_chain(entry);
  }
}

}  // namespace

Findings warnings_of(const Inspection& inspection, const StoreContents& contents, const Secret& store_password,
                     Instant at) {
  Warnings warnings(inspection, contents, at);
  warnings.look_at_file();
  warnings.look_at_password(store_password);
  warnings.look_at_keys();
  warnings.look_at_aliases();
  warnings.look_at_certificates();
  return std::move(warnings).take();
}

}  // namespace sealroom::pack
