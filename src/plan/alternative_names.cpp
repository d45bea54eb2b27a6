#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "general_name_syntax.hpp"
#include "rules.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom {
namespace {

// Nothing when `value` is not the DER of a GeneralNames.
OwnedGeneralNames read_general_names(ByteView value) {
  const unsigned char* next = value.data();
  OwnedGeneralNames names(d2i_GENERAL_NAMES(nullptr, &next, static_cast<long>(value.size())));
  if (!names || next != value.data() + value.size() || der_of(names.get(), i2d_GENERAL_NAMES) != copy(value)) {
    openssl_errors();
    return nullptr;
  }
  return names;
}

ByteView octets_of(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string_view text_of(const GENERAL_NAME* name) { return as_text(octets_of(name->d.ia5)); }

std::string printable_address(ByteView octets) {
  char text[INET6_ADDRSTRLEN] = {};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return to_hex(octets);
  return inet_ntop(family, octets.data(), text, sizeof text) != nullptr ? text : to_hex(octets);
}

std::string printable_general_name(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS: return "DNS:" + printable(text_of(name));
    case GEN_EMAIL: return "email:" + printable(text_of(name));
    case GEN_URI: return "URI:" + printable(text_of(name));
    case GEN_IPADD: return "IP:" + printable_address(octets_of(name->d.ip));
    case GEN_DIRNAME: return "DirName:" + printable_name(der_of(name->d.dirn, i2d_X509_NAME));
    case GEN_OTHERNAME: return "otherName";
    case GEN_RID: return "registeredID";
    case GEN_X400: return "x400Address";
    case GEN_EDIPARTY: return "ediPartyName";
    default: return "unknown";
  }
}

// One general name under judgement.
class NameJudge {
 public:
  NameJudge(const Profile* profile, Findings& findings) : profile_(profile), findings_(findings) {}

  void judge(const GENERAL_NAME* name) {
    shown_ = printable_general_name(name);
    switch (name->type) {
      case GEN_DNS:
        if (allowed(NameKind::Dns)) judge_dns(text_of(name));
        return;
      case GEN_IPADD:
        if (allowed(NameKind::Ip)) judge_address(octets_of(name->d.ip));
        return;
      case GEN_EMAIL:
        if (allowed(NameKind::Email)) report("names.email", email_trouble(text_of(name)));
        return;
      case GEN_URI:
        if (allowed(NameKind::Uri)) report("names.uri", uri_trouble(text_of(name)));
        return;
      default:
        add("names.type", "is of a kind that no certificate here may have; ask for DNS, IP, email or URI names only");
    }
  }

 private:
  void judge_dns(std::string_view name) {
    if (name.find('*') == std::string_view::npos) return report("names.dns", dns_name_trouble(name));
    if (const auto trouble = wildcard_trouble(name)) return report("names.wildcard", trouble);
    if (profile_ != nullptr && profile_->wildcards == Wildcards::Refuse) {
      add("names.wildcard", fmt::format("is a wildcard, and profile {} allows none; name each host", profile_->name));
    }
  }

  void judge_address(ByteView octets) {
    if (octets.size() == 4 || octets.size() == 16) return;
    add("names.ip", fmt::format("has {} octets; an address has 4 or 16 (RFC 5280 section 4.2.1.6)", octets.size()));
  }

  bool allowed(NameKind kind) {
    if (profile_ == nullptr || profile_->names.contains(kind)) return true;
    std::string kinds;
    for (const NameKind known : profile_->names) kinds += (kinds.empty() ? "" : ", ") + std::string(name_of(known));
    add("names.type", fmt::format("is of a kind that profile {} does not allow; it allows {}", profile_->name,
                                  kinds.empty() ? "none" : kinds));
    return false;
  }

  void report(std::string_view id, const std::optional<std::string>& trouble) {
    if (trouble) add(id, *trouble + "; correct it in the request");
  }

  void add(std::string_view id, std::string_view detail) {
    findings_.push_back({std::string(id), fmt::format("subjectAltName {} {}", shown_, detail)});
  }

  const Profile* profile_;
  Findings& findings_;
  std::string shown_;
};

}  // namespace

Findings alternative_name_findings(ByteView value, const Profile* profile) {
  const auto names = read_general_names(value);
  if (!names)
    return {{"names.malformed", "subjectAltName is not a list of general names in DER; make the request anew"}};
  const int count = sk_GENERAL_NAME_num(names.get());
  if (count == 0) return {{"names.malformed", "subjectAltName is empty; name at least one host or leave it out"}};
  Findings findings;
  NameJudge judge(profile, findings);
  for (int i = 0; i < count; ++i) judge.judge(sk_GENERAL_NAME_value(names.get(), i));
  return findings;
}

std::vector<std::string> printable_general_names(ByteView value) {
  std::vector<std::string> shown;
  const auto names = read_general_names(value);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    shown.push_back(printable_general_name(sk_GENERAL_NAME_value(names.get(), i)));
  }
  return shown;
}

bool lacks_hosts(ByteView value) {
  const auto names = read_general_names(value);
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const int type = sk_GENERAL_NAME_value(names.get(), i)->type;
    if (type == GEN_DNS || type == GEN_IPADD) return false;
  }
  return count > 0;
}

}  // namespace sealroom
