#include "extension_section.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom {
namespace {

using OwnedConstraints = Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using OwnedBits = Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OwnedUsages = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;

std::unexpected<Error> wrong(std::string_view file, int line, std::string_view what, std::string hint = {}) {
  return fail(ErrorKind::Usage, fmt::format("{}: {}", conf_position(file, line), what), std::move(hint));
}

// The value without its leading "critical,", as v3_check_critical of OpenSSL takes it away.
std::string_view without_critical(std::string_view value) {
  if (value.starts_with("critical,")) value.remove_prefix(9);
  return trimmed(value);
}

// "email.1" counts as "email" (ossl_v3_name_cmp).
std::string_view base_of(std::string_view name) { return name.substr(0, name.find('.')); }

// One element of a list value: "keyid:always" is {"keyid", "always"}, "@alt" is {"@alt", ""}.
std::pair<std::string_view, std::string_view> element_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {trimmed(text), {}};
  return {trimmed(text.substr(0, colon)), trimmed(text.substr(colon + 1))};
}

std::optional<std::string_view> forbidden(std::string_view name, std::string_view value) {
  if (base_of(name) == "email" && (value == "copy" || value == "move")) return "takes names out of the request";
  if (base_of(name) == "issuer" && value == "copy") return "copies names from the issuer";
  if (base_of(name) == "otherName") return "otherName is not accepted";
  return std::nullopt;
}

Result<Done> check_options(std::string_view file, const ConfLine& line) {
  if (line.key == "subjectKeyIdentifier") {
    const auto value = without_critical(line.value);
    if (value == "hash" || value == "none") return Done{};
    return wrong(file, line.line, "subjectKeyIdentifier must be hash or none",
                 "a fixed value would be the same in every certificate");
  }
  if (line.key != "authorityKeyIdentifier") return Done{};
  for (const auto part : split(without_critical(line.value), ',')) {
    const auto [name, option] = element_of(part);
    if (name == "none" && option.empty()) continue;
    if ((name == "keyid" || name == "issuer") && (option.empty() || option == "always")) continue;
    return wrong(file, line.line, fmt::format("authorityKeyIdentifier: OpenSSL would ignore \"{}\"", trimmed(part)),
                 "keyid, issuer, each with or without :always, or none");
  }
  return Done{};
}

template <class T>
T* contents(X509_EXTENSION* extension) {
  return static_cast<T*>(X509V3_EXT_d2i(extension));
}

// Adds what `extension` allows to `rights`; the sentence says what is wrong with it.
std::optional<std::string_view> take_rights(X509_EXTENSION* extension, SectionRights& rights) {
  switch (OBJ_obj2nid(X509_EXTENSION_get_object(extension))) {
    case NID_basic_constraints: {
      const OwnedConstraints constraints(contents<BASIC_CONSTRAINTS>(extension));
      if (!constraints) return "OpenSSL does not read back what it made";
      rights.ca = constraints->ca != 0;
      rights.constraints_critical = X509_EXTENSION_get_critical(extension) != 0;
      if (constraints->pathlen == nullptr) break;
      if (!rights.ca) return "pathlen without CA:TRUE";
      if (ASN1_INTEGER_get(constraints->pathlen) < 0) return "pathlen below zero";
      break;
    }
    case NID_key_usage: {
      const OwnedBits bits(contents<ASN1_BIT_STRING>(extension));
      if (!bits) return "OpenSSL does not read back what it made";
      rights.signs = ASN1_BIT_STRING_get_bit(bits.get(), 5) != 0;  // RFC 5280 section 4.2.1.3
      rights.usage_critical = X509_EXTENSION_get_critical(extension) != 0;
      rights.signs_crls = ASN1_BIT_STRING_get_bit(bits.get(), 6) != 0;
      break;
    }
    case NID_netscape_cert_type: {
      const OwnedBits bits(contents<ASN1_BIT_STRING>(extension));
      if (!bits) return "OpenSSL does not read back what it made";
      for (const int bit : {5, 6, 7}) rights.netscape_ca |= ASN1_BIT_STRING_get_bit(bits.get(), bit) != 0;
      break;
    }
    case NID_ext_key_usage: {
      const OwnedUsages usages(contents<EXTENDED_KEY_USAGE>(extension));
      if (!usages) return "OpenSSL does not read back what it made";
      for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        const int usage = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages.get(), i));
        rights.server_auth |= usage == NID_server_auth;
        rights.client_auth |= usage == NID_client_auth;
        rights.any_usage |= usage == NID_anyExtendedKeyUsage;
      }
      break;
    }
    default: break;
  }
  return std::nullopt;
}

}  // namespace

bool is_mentioned(std::string_view section, const ConfSection& others) {
  return std::ranges::any_of(others.lines, [&](const ConfLine& line) {
    const bool names_sections = line.key == "crlDistributionPoints" || line.key == "freshestCRL";
    const auto key = base_of(std::string_view(line.key).substr(line.key.rfind(';') + 1));
    if ((key == "dirName" || key == "relativename") && line.value == section) return true;
    return std::ranges::any_of(split(without_critical(line.value), ','), [&](std::string_view part) {
      const auto [name, value] = element_of(part);
      if (name == section && value.empty()) return names_sections;
      if (name.starts_with('@')) return name.substr(1) == section;
      return name.substr(name.rfind(';') + 1) == "dirName" && value == section;
    });
  });
}

Result<Done> check_extension_values(std::string_view file, const ScannedConf& scanned, const ConfSection& section) {
  for (const ConfLine& line : section.lines) {
    const auto value = without_critical(line.value);
    if (value.starts_with("DER:") || value.starts_with("ASN1:")) {
      return wrong(file, line.line, fmt::format("{}: DER: and ASN1: values are not accepted", line.key));
    }
    if (const auto why = forbidden(line.key, value)) {
      return wrong(file, line.line, fmt::format("{}: {}", line.key, *why));
    }
    for (const auto part : split(value, ',')) {
      const auto [name, option] = element_of(part);
      if (const auto why = forbidden(name, option)) {
        return wrong(file, line.line, fmt::format("{}: {}: {}", line.key, printable(trimmed(part)), *why));
      }
      if (name.starts_with('@') && scanned.find(name.substr(1)) == nullptr) {
        return wrong(file, line.line, fmt::format("{}: section [{}] is missing", line.key, printable(name.substr(1))));
      }
    }
  }
  return Done{};
}

Result<SectionRights> try_extensions(std::string_view file, const ConfSection& section, CONF* conf) {
  X509V3_CTX context{};
  X509V3_set_ctx_test(&context);
  X509V3_set_nconf(&context, conf);
  SectionRights rights;
  for (const ConfLine& line : section.lines) {
    if (OBJ_sn2nid(line.key.c_str()) == NID_undef) {
      return wrong(
          file, line.line, fmt::format("{} is not an extension that OpenSSL knows by this name", line.key),
          fmt::format("[{}] is taken for a section of extensions, because nothing refers to it", section.name));
    }
    if (line.key == "proxyCertInfo") {  // its policy may be file:PATH, which OpenSSL would read
      return wrong(file, line.line, "proxyCertInfo is not accepted: a CA makes no proxy certificates (RFC 3820)");
    }
    if (auto known = check_options(file, line); !known) return pass_on(known);
    const bool none = without_critical(line.value) == "none";
    if (line.key == "subjectKeyIdentifier") rights.names_subject_key = !none;
    if (line.key == "authorityKeyIdentifier") rights.names_issuer_key = !none;
    ERR_clear_error();
    const OwnedExtension made(X509V3_EXT_nconf(conf, &context, line.key.c_str(), line.value.c_str()));
    if (!made) {
      return wrong(file, line.line,
                   fmt::format("{} = {}: OpenSSL cannot make this extension: {}", line.key, printable(line.value),
                               openssl_errors()));
    }
    if (const auto why = take_rights(made.get(), rights)) {
      return wrong(file, line.line, fmt::format("{}: {}", line.key, *why));
    }
  }
  return rights;
}

}  // namespace sealroom
