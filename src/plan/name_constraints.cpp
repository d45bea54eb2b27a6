#include "name_constraints.hpp"

#include <algorithm>
#include <cstdlib>

#include "distinguished_name.hpp"
#include "general_name_syntax.hpp"
#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/name.hpp"
#include "usages.hpp"

namespace sealroom {
namespace {

using OwnedGeneralName = Owned<GENERAL_NAME, GENERAL_NAME_free>;

void must(bool held) {
  if (!held) std::abort();
}

// Forms of name that can be compared; of all others nobody here knows what lies within.
bool is_comparable(const GENERAL_SUBTREE* subtree) {
  switch (subtree->base->type) {
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
    case GEN_IPADD:
    case GEN_DIRNAME: return subtree->maximum == nullptr && ASN1_INTEGER_get(subtree->minimum) <= 0;
    default: return false;
  }
}

bool all_comparable(const STACK_OF(GENERAL_SUBTREE) * subtrees) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    if (!is_comparable(sk_GENERAL_SUBTREE_value(subtrees, i))) return false;
  }
  return true;
}

// A certificate that has nothing but these names, so that what is said about it is about them.
OwnedX509 bearer_of(const X509_NAME* subject, GENERAL_NAMES* alternative_names) {
  OwnedX509 bearer(X509_new());
  must(bearer != nullptr);
  if (subject != nullptr) must(X509_set_subject_name(bearer.get(), subject) == 1);
  if (alternative_names != nullptr) {
    must(X509_add1_ext_i2d(bearer.get(), NID_subject_alt_name, alternative_names, 0, X509V3_ADD_DEFAULT) == 1);
  }
  X509_check_purpose(bearer.get(), -1, 0);  // OpenSSL reads the names from what this call takes out of the extension
  openssl_errors();
  return bearer;
}

std::string_view text_of(const ASN1_STRING* string) {
  return as_text({ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))});
}

// OpenSSL compares "*.example" as it stands. It stands for every name below "example", so also for the excluded one.
bool covers_excluded(const NAME_CONSTRAINTS* constraints, std::string_view name) {
  if (!name.starts_with("*.")) return false;
  const auto base = ascii_lower(name.substr(1));
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->excludedSubtrees); ++i) {
    const GENERAL_NAME* excluded = sk_GENERAL_SUBTREE_value(constraints->excludedSubtrees, i)->base;
    if (excluded->type != GEN_DNS) continue;
    const auto host = ascii_lower(text_of(excluded->d.ia5));
    if (host.ends_with(base) && host.find('.') == host.size() - base.size()) return true;
  }
  return false;
}

OwnedGeneralName name_of(int type, ByteView octets) {
  OwnedGeneralName name(GENERAL_NAME_new());
  ASN1_STRING* value = ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  must(name && value != nullptr && ASN1_STRING_set(value, octets.data(), static_cast<int>(octets.size())) == 1);
  GENERAL_NAME_set0_value(name.get(), type, value);
  return name;
}

void permit(NAME_CONSTRAINTS* constraints, int type, ByteView octets) {
  GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
  must(subtree != nullptr);
  GENERAL_NAME_free(subtree->base);
  subtree->base = name_of(type, octets).release();
  must(sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree) > 0);
}

// What OpenSSL says of one general name.
int verdict_on(NAME_CONSTRAINTS* constraints, const GENERAL_NAME* name) {
  const OwnedGeneralNames one(sk_GENERAL_NAME_new_null());
  OwnedGeneralName copied(GENERAL_NAME_dup(name));
  must(one && copied && sk_GENERAL_NAME_push(one.get(), copied.get()) > 0);
  copied.release();
  return NAME_CONSTRAINTS_check(bearer_of(nullptr, one.get()).get(), constraints);
}

// OpenSSL ends the host of a URI at the first ':', or else at the first '/', and so takes parts of a path or query for
// it. It is given the host alone.
OwnedGeneralName with_host_alone(const GENERAL_NAME* name) {
  const auto uri = text_of(name->d.ia5);
  const auto host = uri_host(uri);
  if (!host) return OwnedGeneralName(GENERAL_NAME_dup(name));  // OpenSSL refuses what has no host
  return name_of(GEN_URI, as_bytes(std::string(uri.substr(0, uri.find(':'))) + "://" + std::string(*host) + "/"));
}

int judge(NAME_CONSTRAINTS* constraints, Bounds bounds, const GENERAL_NAME* name) {
  if (name->type == GEN_URI) {
    const int code = verdict_on(constraints, with_host_alone(name).get());
    if (code != X509_V_OK || bounds == Bounds::Settings) return code;
  }
  const int code = verdict_on(constraints, name);
  const bool excluded =
      code == X509_V_OK && name->type == GEN_DNS && covers_excluded(constraints, text_of(name->d.ia5));
  return excluded ? X509_V_ERR_EXCLUDED_VIOLATION : code;
}

// What clients of old take a commonName for beside what OpenSSL does; null when that is nothing.
OwnedGeneralName host_in(std::string_view common_name) {
  if (const auto address = address_octets(common_name)) return name_of(GEN_IPADD, *address);
  return is_like_wildcard(common_name) ? name_of(GEN_DNS, as_bytes(common_name)) : nullptr;
}

int judge_common_name(NAME_CONSTRAINTS* constraints, Bounds bounds, const X509_NAME_ENTRY* entry) {
  if (const auto host = host_in(text_of(X509_NAME_ENTRY_get_data(entry)))) {
    const int code = judge(constraints, bounds, host.get());
    if (code != X509_V_OK || bounds == Bounds::Settings) return code;
  }
  const OwnedName alone(X509_NAME_new());
  must(alone && X509_NAME_add_entry(alone.get(), entry, -1, 0) == 1);
  return NAME_CONSTRAINTS_check_CN(bearer_of(alone.get(), nullptr).get(), constraints);
}

std::string said(std::string name, int code) { return std::move(name) + ": " + X509_verify_cert_error_string(code); }

}  // namespace

ReadConstraints constraints_of(const Certificate& certificate) {
  int critical = -1;
  ReadConstraints read;
  read.constraints.reset(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate.get(), NID_name_constraints, &critical, nullptr)));
  openssl_errors();
  if (!read.constraints) {
    if (critical != -1) read.trouble = "its nameConstraints are not their DER";
    return read;
  }
  if (all_comparable(read.constraints->permittedSubtrees) && all_comparable(read.constraints->excludedSubtrees)) {
    return read;
  }
  read.constraints.reset();
  read.trouble = "its nameConstraints have a form of name, a minimum or a maximum that cannot be checked";
  return read;
}

OwnedNameConstraints constraints_of(const PermittedNames& permitted) {
  OwnedNameConstraints constraints(NAME_CONSTRAINTS_new());
  must(constraints != nullptr);
  constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  must(constraints->permittedSubtrees != nullptr);
  for (const auto& name : permitted.dns) permit(constraints.get(), GEN_DNS, as_bytes(name));
  for (const auto& range : permitted.ip) permit(constraints.get(), GEN_IPADD, range);
  for (const auto& name : permitted.email) permit(constraints.get(), GEN_EMAIL, as_bytes(name));
  for (const auto& name : permitted.uri) permit(constraints.get(), GEN_URI, as_bytes(name));
  return constraints;
}

std::vector<std::string> violations(NAME_CONSTRAINTS* constraints, Bounds bounds, ByteView subject,
                                    ByteView alternative_names) {
  std::vector<std::string> found;
  const OwnedName name = subject.empty() ? OwnedName(X509_NAME_new()) : decode_name(subject);
  if (const int code = NAME_CONSTRAINTS_check(bearer_of(name.get(), nullptr).get(), constraints); code != X509_V_OK) {
    found.push_back(said(printable_name(subject), code));
  }
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name.get(), NID_commonName, i)) >= 0;) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name.get(), i);
    const int code = judge_common_name(constraints, bounds, entry);
    if (code != X509_V_OK) found.push_back(said("commonName \"" + printable_value(entry) + "\"", code));
  }
  const unsigned char* next = alternative_names.data();
  const OwnedGeneralNames names(alternative_names.empty()
                                    ? nullptr
                                    : d2i_GENERAL_NAMES(nullptr, &next, static_cast<long>(alternative_names.size())));
  const auto shown = printable_general_names(alternative_names);
  for (int i = 0; i < static_cast<int>(shown.size()); ++i) {
    const int code = judge(constraints, bounds, sk_GENERAL_NAME_value(names.get(), i));
    if (code != X509_V_OK) found.push_back(said(shown[static_cast<std::size_t>(i)], code));
  }
  openssl_errors();
  return found;
}

}  // namespace sealroom
