#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"

namespace sealroom {

// How a part of the subject is treated (`openssl ca`, POLICY FORMAT).
enum class PolicyRule { Match, Supplied, Optional };

struct PolicyField {
  std::string name;  // as written, "countryName"
  std::string oid;   // dotted decimal
  PolicyRule rule = PolicyRule::Optional;
};

enum class CopyExtensions { None, SubjectAltName };
enum class UniqueSubject { No, Yes };
enum class Preserve { No, Yes };       // keep the request's order and parts
enum class EmailInDn { No, Yes };

// One line of an extension section, as OpenSSL reads it.
struct ExtensionLine {
  std::string name;   // "keyUsage"
  std::string value;  // "critical, digitalSignature"
  int line = 0;
};

// IssuerConfig is one issuers/NAME.cnf in the dialect of `openssl ca` and `openssl req`, strictly loaded: every key is
// known, nothing stands twice, nothing is read from elsewhere, and OpenSSL reads the same values. Immutable.
class IssuerConfig {
 public:
  // `file` names it in messages ("issuers/root.cnf"); `text` is its octets. Errors: Usage, with file and line.
  // Refused: unknown or duplicate keys and sections referred to but missing, `.include`, `.pragma`, `$ENV::`,
  // `DER:`, `ASN1:`, `email:copy`, `copyall`, octets outside printable ASCII, TAB, CR LF and LF.
  static Result<IssuerConfig> parse(std::string_view file, std::string_view text);

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }

  const std::string& private_key() const { return private_key_; }  // RFC 7512 URI, not yet parsed
  HashAlgorithm default_md() const { return default_md_; }
  int default_days() const { return default_days_; }
  std::optional<int> default_crl_days() const { return default_crl_days_; }
  unsigned default_bits() const { return default_bits_; }
  CopyExtensions copy_extensions() const { return copy_extensions_; }
  UniqueSubject unique_subject() const { return unique_subject_; }
  Preserve preserve() const { return preserve_; }
  EmailInDn email_in_dn() const { return email_in_dn_; }
  const std::vector<PolicyField>& policy() const { return policy_; }

  // DER Name that [req] distinguished_name and string_mask make, as `openssl req` would with prompt = no.
  const Bytes& own_name() const { return own_name_; }

  // [req] x509_extensions: the section for the issuer's own self-signed certificate; "" when there is none.
  const std::string& own_section() const { return own_section_; }

  bool has_section(std::string_view section) const;
  std::vector<ExtensionLine> extensions(std::string_view section) const;

  // The same configuration as OpenSSL holds it, for X509V3_set_nconf. Owned by this object.
  CONF* conf() const { return conf_.get(); }

  // Keys that were accepted without effect ("dir", "serial", ...), each once: what they name is kept by the ledger.
  const std::vector<std::string>& kept_by_ledger() const { return kept_by_ledger_; }

 private:
  IssuerConfig() = default;
  friend class IssuerConfigReader;
  std::string file_;
  std::string text_;
  std::string private_key_;
  HashAlgorithm default_md_ = HashAlgorithm::Sha256;
  int default_days_ = 0;
  std::optional<int> default_crl_days_;
  unsigned default_bits_ = 2048;
  CopyExtensions copy_extensions_ = CopyExtensions::None;
  UniqueSubject unique_subject_ = UniqueSubject::Yes;
  Preserve preserve_ = Preserve::No;
  EmailInDn email_in_dn_ = EmailInDn::Yes;
  std::vector<PolicyField> policy_;
  Bytes own_name_;
  std::string own_section_;
  std::vector<std::pair<std::string, std::vector<ExtensionLine>>> sections_;
  std::vector<std::string> kept_by_ledger_;
  std::shared_ptr<CONF> conf_;
};

}  // namespace sealroom
