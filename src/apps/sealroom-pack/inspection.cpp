#include "inspection.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::pack {
namespace {

void warn_of_aliases(const JksContents& contents, Findings& warnings) {
  std::map<std::string, int> lowered;
  for (const auto& entry : contents.entries) {
    const auto lower = ascii_lower(entry.alias);
    if (lower != entry.alias) {
      warnings.push_back(
          {"inspect.dead-alias", fmt::format("{}: is not lower-case, so Java lists it and never finds it; write the "
                                             "store anew",
                                             entry.alias)});
    }
    if (++lowered[lower] == 2) {
      warnings.push_back(
          {"inspect.alias-collision", fmt::format("{}: is there more than once, and Java keeps the last one",
                                                  lower)});
    }
  }
}

void warn_of_keys(const Inspection& inspection, const JksContents& contents, Findings& warnings) {
  const auto has = [&](bool key) {
    return std::ranges::any_of(contents.entries, [&](const JksEntry& entry) { return entry.private_key == key; });
  };
  const auto slash = inspection.file.rfind('/');
  const auto name = ascii_lower(inspection.file.substr(slash == std::string::npos ? 0 : slash + 1));
  if (has(true) && (has(false) || name.find("trust") != std::string::npos)) {
    warnings.push_back(
        {"inspect.key-in-truststore", "a private key in what is used as a truststore: everyone who gets the file "
                                      "gets the key; write a truststore of CA certificates"});
  }
}

void warn_of_certificate(const std::string& alias, const std::optional<Certificate>& certificate, Instant at,
                         Findings& warnings) {
  if (!certificate) {
    warnings.push_back({"inspect.not-a-certificate", fmt::format("{}: holds octets that are no certificate", alias)});
    return;
  }
  const auto subject = printable_name(certificate->subject());
  if (at > certificate->not_after()) {
    warnings.push_back({"inspect.expired", fmt::format("{}: '{}' is not valid since {}", alias, subject,
                                                       to_rfc3339(certificate->not_after()))});
  } else if (at < certificate->not_before()) {
    warnings.push_back({"inspect.not-yet-valid", fmt::format("{}: '{}' is not valid before {}", alias, subject,
                                                             to_rfc3339(certificate->not_before()))});
  }
}

}  // namespace

Result<Inspection> inspect_store(const std::string& file, ByteView octets, const Secret& store_password, Instant at) {
  Inspection inspection{file, store_type(octets), false, {}, {}};
  if (inspection.type == StoreType::Pkcs12) {
    if (ascii_lower(file).ends_with(".jks")) {
      inspection.warnings.push_back(
          {"inspect.pkcs12-named-jks", "is PKCS#12 in spite of its name; Java reads it as JKS only while "
                                       "keystore.type.compat is true"});
    }
    inspection.warnings.push_back(
        {"inspect.not-listed", "this version lists the entries of JKS stores only; for PKCS#12: keytool -list "
                               "-keystore FILE"});
    return inspection;
  }
  auto contents = read_jks(octets, store_password);
  if (!contents) return pass_on(contents, printable(file));
  inspection.digest_verified = contents->digest_verified;
  warn_of_keys(inspection, *contents, inspection.warnings);
  warn_of_aliases(*contents, inspection.warnings);
  for (const auto& entry : contents->entries) {
    InspectedEntry inspected{entry.alias, entry.private_key, entry.created, {}};
    for (const auto& der : entry.chain) {
      auto certificate = Certificate::parse(der);
      inspected.chain.push_back(certificate ? std::optional(std::move(*certificate)) : std::nullopt);
      warn_of_certificate(entry.alias, inspected.chain.back(), at, inspection.warnings);
    }
    inspection.entries.push_back(std::move(inspected));
  }
  return inspection;
}

}  // namespace sealroom::pack
