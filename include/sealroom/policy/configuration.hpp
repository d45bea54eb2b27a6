#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"
#include "sealroom/media/inbox.hpp"
#include "sealroom/policy/issuer_config.hpp"
#include "sealroom/policy/key_settings.hpp"
#include "sealroom/x509/request.hpp"

namespace sealroom {

enum class Purpose { Ca, Server, Client };
enum class PastIssuer { Refuse, Cut };          // a notAfter past the issuer's
enum class UnknownExtensions { Refuse, Drop };  // requested and not subjectAltName
enum class Wildcards { Refuse, Allow };
enum class NameKind { Dns, Ip, Email, Uri };  // of subjectAltName
enum class CommonName { Any, Listed };        // listed: it is one of the DNS and IP names of subjectAltName

std::string_view name_of(Purpose purpose);  // "ca", "server", "client"
std::string_view name_of(NameKind kind);    // "dns", "ip", "email", "uri"

// Profile is a certificate profile of one issuer: an extension section of its configuration and the rules around it.
struct Profile {
  std::string name;                            // "server_cert"; the folder on the medium
  std::string section;                         // extension section; same as name unless said otherwise
  std::map<KeyType, std::string> section_for;  // other sections, by the type of the subject's key
  Purpose purpose = Purpose::Server;
  int days = 365;  // validity unless the operator says otherwise
  int maximum_days = 365;
  PastIssuer past_issuer = PastIssuer::Refuse;
  UnknownExtensions unknown_extensions = UnknownExtensions::Refuse;
  Wildcards wildcards = Wildcards::Refuse;
  std::set<NameKind> names = {NameKind::Dns, NameKind::Ip};  // what a request may ask for
  CommonName common_name = CommonName::Any;
  bool own_certificate = false;  // section is the configuration's x509_extensions: self-signed use only

  // The section for a subject whose key has this type.
  const std::string& section_of(KeyType key) const;
};

// Names that an issuer may put into certificates, kind by kind, as nameConstraints would permit them (RFC 5280 section
// 4.2.1.10). A kind with an empty list is not bounded.
struct PermittedNames {
  std::vector<std::string> dns;    // "example.com": it and everything below
  std::vector<Bytes> ip;           // address and mask, 8 or 32 octets
  std::vector<std::string> email;  // "a@example.com", "example.com" (that host), ".example.com" (hosts below)
  std::vector<std::string> uri;    // "example.com" (that host), ".example.com" (hosts below)

  bool bounds_nothing() const { return dns.empty() && ip.empty() && email.empty() && uri.empty(); }
};

struct IssuerSettings {
  IssuerConfig config;
  PermittedNames permitted;
  std::map<std::string, Profile> profiles;
};

enum class Role { None, Auditor, Operator, Officer, Admin };

std::string_view name_of(Role role);

struct Roles {
  std::map<std::uint32_t, Role> users;   // uid
  std::map<std::uint32_t, Role> groups;  // gid
};

struct Limits {
  RequestLimits request;
  InboxLimits inbox;
};

// One file of the configuration, as octets.
struct ConfigurationFile {
  std::string name;  // "sealroom.yaml", "issuers/root.cnf"
  std::string text;
};

// Reads a data file that sealroom.yaml names, `path` being relative to the home, of at most `most` octets.
using DataFileReader = std::function<Result<Bytes>(const std::string& path, std::size_t most)>;

// The reader of those who have no home: every data file is an error.
Result<Bytes> no_data_files(const std::string& path, std::size_t most);

// Configuration is sealroom.yaml and every issuers/NAME.cnf, loaded strictly together. Immutable.
class Configuration {
 public:
  // Needs exactly one "sealroom.yaml" and one "issuers/NAME.cnf" for each issuer that it names. Reads nothing but the
  // data files that sealroom.yaml names by digest, and those through `data_files`.
  // Errors: Usage, with file, line and key. Unknown and duplicate keys, wrong types, profiles whose section is missing
  // or does not fit the purpose (a leaf section that says CA:TRUE, a ca section that does not) are errors.
  static Result<Configuration> load(std::vector<ConfigurationFile> files,
                                    const DataFileReader& data_files = no_data_files);

  const std::vector<ConfigurationFile>& files() const { return files_; }
  const Digest& digest() const { return digest_; }  // over names and octets of all files

  const std::string& module() const { return module_; }                  // path of the PKCS#11 module
  const std::string& softhsm_config() const { return softhsm_config_; }  // in the home, "" when not a trial home
  const std::map<std::string, std::string>& trial_pins() const { return trial_pins_; }  // token label → file in home
  const std::string& log_key() const { return log_key_; }                               // RFC 7512 URI
  const std::string& log_origin() const { return log_origin_; }
  const std::map<std::string, IssuerSettings>& issuers() const { return issuers_; }
  const IssuerSettings* issuer(std::string_view name) const;  // nullptr when unknown
  const Profile* profile(std::string_view issuer, std::string_view name) const;
  const Limits& limits() const { return limits_; }
  const KeySettings& keys() const { return keys_; }
  const Roles& roles() const { return roles_; }
  std::chrono::seconds idle_lock() const { return idle_lock_; }           // default 15 min
  std::chrono::seconds longest_silence() const { return longest_silence_; }  // of the log, default 400 days
  std::chrono::seconds leaf_plan_validity() const { return leaf_plan_; }  // default 72 h
  std::chrono::seconds ca_plan_validity() const { return ca_plan_; }      // default 30 days

 private:
  Configuration() = default;
  friend class ConfigurationReader;
  std::vector<ConfigurationFile> files_;
  Digest digest_{};
  std::string module_;
  std::string softhsm_config_;
  std::map<std::string, std::string> trial_pins_;
  std::string log_key_;
  std::string log_origin_;
  std::map<std::string, IssuerSettings> issuers_;
  Limits limits_;
  KeySettings keys_;
  Roles roles_;
  std::chrono::seconds idle_lock_{std::chrono::minutes{15}};
  std::chrono::seconds longest_silence_{std::chrono::hours{24 * 400}};
  std::chrono::seconds leaf_plan_{std::chrono::hours{72}};
  std::chrono::seconds ca_plan_{std::chrono::hours{720}};
};

// Whether `name` can name an issuer or profile: [A-Za-z0-9_][A-Za-z0-9_-]{0,39}.
bool is_plain_name(std::string_view name);

}  // namespace sealroom
