#include "sealroom/keystore/examine_store.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "certificate_facts.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

bool names_as_issuer(const Certificate& certificate, const Certificate& issuer) {
  return certificate.issuer() == issuer.subject();
}

bool valid(const Certificate& certificate, Instant at) {
  return certificate.not_before() <= at && at <= certificate.not_after();
}

// ChainBuilder walks from the leaf to a self-signed certificate through `others`.
class ChainBuilder {
 public:
  ChainBuilder(const Certificate& leaf, const std::vector<Certificate>& others, Instant at) : at_(at), leaf_(leaf) {
    for (const auto& other : others) {
      const auto same = [&](const Certificate& known) { return known.der() == other.der(); };
      if (!same(leaf) && std::ranges::none_of(pool_, same)) pool_.push_back(other);
    }
  }

  void build(KeyEntryVerdict& verdict) {
    const bool whole = reach_root(Through::Valid) || reach_root(Through::All);
    if (!whole) go_as_far_as_possible();
    verdict.chain = {leaf_};
    for (const auto i : path_) verdict.chain.push_back(pool_[i]);
    if (!whole) explain(verdict.chain.back(), verdict.findings);
    verdict.reordered = !std::ranges::is_sorted(path_);
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      if (std::ranges::find(path_, i) == path_.end()) verdict.left_out.push_back(pool_[i]);
    }
  }

 private:
  enum class Through { Valid, All };

  // A CA can have several certificates (renewed, cross-signed): one that is valid goes first, then the longest.
  std::vector<std::size_t> issuers_of(const Certificate& certificate) const {
    std::vector<std::size_t> issuers;
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      if (names_as_issuer(certificate, pool_[i]) && certificate.signed_by(pool_[i].key())) issuers.push_back(i);
    }
    std::ranges::stable_sort(issuers, std::greater(),
                             [&](std::size_t i) { return std::pair(valid(pool_[i], at_), pool_[i].not_after()); });
    return issuers;
  }

  bool reach_root(Through through) {
    seen_.assign(pool_.size(), false);
    path_.clear();
    return reach_root_from(leaf_, through);
  }

  // Depth first, and into each certificate once: where no root was found, none is found on another way.
  bool reach_root_from(const Certificate& certificate, Through through) {
    if (self_signed(certificate)) return true;
    for (const auto i : issuers_of(certificate)) {
      if (seen_[i] || (through == Through::Valid && !valid(pool_[i], at_))) continue;
      seen_[i] = true;
      path_.push_back(i);
      if (reach_root_from(pool_[i], through)) return true;
      path_.pop_back();
    }
    return false;
  }

  void go_as_far_as_possible() {
    for (;;) {
      const auto issuers = issuers_of(path_.empty() ? leaf_ : pool_[path_.back()]);
      const auto next =
          std::ranges::find_if(issuers, [&](std::size_t i) { return std::ranges::find(path_, i) == path_.end(); });
      if (next == issuers.end()) return;
      path_.push_back(*next);
    }
  }

  void explain(const Certificate& certificate, Findings& findings) const {
    const bool named = std::ranges::any_of(
        pool_, [&](const Certificate& candidate) { return names_as_issuer(certificate, candidate); });
    if (named) {
      findings.push_back({"pack.chain-signature",
                          fmt::format("{}: was not signed by the given certificate of its issuer '{}'; take the chain "
                                      "that was issued with it",
                                      subject_of(certificate), printable_name(certificate.issuer()))});
    } else {
      findings.push_back(
          {"pack.chain-incomplete", fmt::format("{}: the certificate of its issuer '{}' is not among the given ones; "
                                                "add it to --chain (the chain ends with the root)",
                                                subject_of(certificate), printable_name(certificate.issuer()))});
    }
  }

  Instant at_;
  const Certificate& leaf_;
  std::vector<Certificate> pool_;
  std::vector<bool> seen_;
  std::vector<std::size_t> path_;  // from the leaf's issuer on
};

void examine_key(const Certificate& leaf, const std::vector<Certificate>& others, const PublicKey& key,
                 Findings& findings) {
  const bool matches = key.der() == leaf.key().der();
  switch (key.type()) {
    case KeyType::Rsa:
    case KeyType::EcP256:
    case KeyType::EcP384:
    case KeyType::EcP521:
    case KeyType::Ed25519: break;
    case KeyType::Other:
      findings.push_back(
          {"pack.key-type",
           fmt::format("key: is {}; Java's TLS takes RSA, EC P-256, P-384 and P-521, and Ed25519", key.description())});
  }
  for (const auto& other : others) {
    if (other.is_ca() && other.key().der() == key.der()) {
      findings.push_back(
          {"pack.ca-key", fmt::format("key: is that of the CA certificate {}; a CA's key never goes into a keystore",
                                      subject_of(other))});
      return;
    }
  }
  if (leaf.is_ca() && matches) {
    findings.push_back({"pack.ca-key", fmt::format("{}: is a CA certificate with its key; a CA's key never goes into a "
                                                   "keystore, make a request for a leaf certificate",
                                                   subject_of(leaf))});
  } else if (leaf.is_ca()) {
    findings.push_back(
        {"pack.leaf-is-ca", fmt::format("{}: is a CA certificate; --cert takes the broker's or client's own (first "
                                        "in its file)",
                                        subject_of(leaf))});
  }
  if (!matches) {
    findings.push_back(
        {"pack.key-mismatch", fmt::format("key: {} with SHA-256 {} is not the key of {} ({}); give the key that made "
                                          "its request",
                                          key.description(), to_hex(key.digest()).substr(0, 16), subject_of(leaf),
                                          leaf.key().description())});
  }
}

KeystoreRole examine_role(const Certificate& leaf, std::optional<KeystoreRole> role, Findings& findings) {
  const bool server = has_usage(leaf, XKU_SSL_SERVER);
  const bool client = has_usage(leaf, XKU_SSL_CLIENT);
  const auto refuse = [&](const char* id, std::string_view why) {
    findings.push_back({id, fmt::format("{}: {}", subject_of(leaf), why)});
  };
  if (!server && !client) {
    refuse("pack.no-tls-purpose",
           "allows neither serverAuth nor clientAuth in its extended key usage; TLS peers will "
           "refuse it");
    return role.value_or(KeystoreRole::Broker);
  }
  if (server && client && role != KeystoreRole::Member) {
    refuse("pack.both-purposes",
           "allows serverAuth and clientAuth; whoever takes this keystore can be broker and "
           "client; for a member of a cluster, which is both, say --role member");
  }
  if (!role) return server ? KeystoreRole::Broker : KeystoreRole::Client;
  if (!server && *role != KeystoreRole::Client) {
    refuse("pack.not-for-server",
           "does not allow serverAuth; clients refuse a broker that presents it; have one issued "
           "under server_cert");
  }
  if (!client && *role != KeystoreRole::Broker) {
    refuse("pack.not-for-client",
           "does not allow clientAuth; brokers refuse a client that presents it; have one issued "
           "under client_cert");
  }
  return *role;
}

// What the parts above cannot see: path lengths, key usages, critical extensions (RFC 5280 section 6).
void verify_whole(const KeyEntryVerdict& verdict, Instant at, Findings& findings) {
  const Certificate& leaf = verdict.chain.front();
  std::vector<const char*> purposes;
  if (has_usage(leaf, XKU_SSL_SERVER)) purposes.push_back("sslserver");
  if (has_usage(leaf, XKU_SSL_CLIENT)) purposes.push_back("sslclient");
  for (const char* purpose : purposes) {
    const auto verified = verify_chain(verdict.chain, at, purpose);
    if (verified) continue;
    findings.push_back({"pack.chain-invalid", verified.error().message});
    return;
  }
}

}  // namespace

std::string_view name_of(KeystoreRole role) {
  switch (role) {
    case KeystoreRole::Broker: return "broker";
    case KeystoreRole::Client: return "client";
    case KeystoreRole::Member: break;
  }
  return "member";
}

KeyEntryVerdict examine_key_entry(const Certificate& leaf, const std::vector<Certificate>& others, const PublicKey& key,
                                  std::optional<KeystoreRole> role, Instant at) {
  KeyEntryVerdict verdict;
  examine_key(leaf, others, key, verdict.findings);
  verdict.role = examine_role(leaf, role, verdict.findings);
  ChainBuilder(leaf, others, at).build(verdict);
  for (const auto& certificate : verdict.chain) examine_validity(certificate, at, verdict.findings);
  if (verdict.findings.empty()) verify_whole(verdict, at, verdict.findings);
  return verdict;
}

}  // namespace sealroom
