#pragma once

#include <string>
#include <vector>

#include "password_source.hpp"
#include "sealroom/base/secret.hpp"
#include "sealroom/base/time.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom::pack {

inline constexpr unsigned kUmhValuesMode = 0600;

// A microservice's own certificate with its intermediates and its private key, PEM.
struct UmhService {
  std::string name;
  std::string certificate;
  Secret key;
};

struct UmhValues {
  Bytes keystore;
  Secret keystore_password;
  Bytes truststore;
  Secret truststore_password;
  std::vector<UmhService> services;
};

// The part of a values.yaml for the United Manufacturing Hub's Helm chart that its guide to the HiveMQ PKI fills in:
// _000_commonConfig.infrastructure.mqtt.tls. Files are base64 in one line; passwords stand as they are, in double
// quotes. Passwords must be printable (check_printable), names of services as is_service_name says.
Result<Secret> umh_values_yaml(const UmhValues& values);

// Where the values come from. Passwords open what is encrypted.
struct UmhServiceFiles {
  std::string name;
  std::string certificate;  // its own, with its intermediates, in any order behind it; those of the truststore count
  std::string key;
  PasswordSource key_password;
};
struct UmhRequest {
  std::string keystore;
  PasswordSource keystore_password;
  std::string truststore;
  PasswordSource truststore_password;
  std::vector<UmhServiceFiles> services;
};

struct UmhVerdict {
  Findings findings;  // pack.not-a-keystore, pack.entry-password, pack.not-a-truststore; of services pack.not-trusted,
                      // pack.key-shared and examine_key_entry's
  UmhValues values;   // complete only without findings
};

// Reads everything and judges it: the keystore holds one key and the truststore none, and a broker with this truststore
// takes each service for a client; the store's password opens the key, and nobody has another's key. Errors: files that cannot be read or opened, passwords.
Result<UmhVerdict> collect_umh_values(const UmhRequest& request, Instant now);

// Letters, digits, '-' and '_', a letter first, at most 63, and none of the four names that the stores have.
bool is_service_name(std::string_view name);

}  // namespace sealroom::pack
