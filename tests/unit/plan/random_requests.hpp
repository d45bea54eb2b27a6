#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "chance.hpp"
#include "plan_fixture.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::testing {

// RandomRequests makes requests that both sides accept under given rules: every kind of key, names that fit the policy
// section with parts that it drops, every string type that a part may have, alternative names of every kind that the
// purpose allows, and what the section defines asked for once more.
class RandomRequests {
 public:
  explicit RandomRequests(Chance& chance) : chance_(chance) {}

  Bytes make(const Rules& rules) {
    static const std::vector<std::string> kKeys{"rsa:2048", "rsa:3072", "rsa:4096", "ec:P-256", "ec:P-384", "ec:P-521"};
    const auto host = fmt::format("host{}.example.com", chance_.number(1000));
    RequestRecipe recipe;
    recipe.key = chance_.pick(kKeys);
    recipe.digest = chance_.pick<std::string>({"SHA256", "SHA384", "SHA512"});
    recipe.extensions.clear();
    const auto request = unsigned_request(recipe);
    must(X509_REQ_set_subject_name(request.get(), subject(rules, host).get()) == 1, "subject");
    add_extensions(request.get(), rules, host);
    if (chance_.one_in(6)) add_attribute(request.get(), "challengePassword");
    return sign_request(request.get(), recipe.key, recipe.key_number, recipe.digest);
  }

 private:
  struct Part {
    std::string type;
    std::string value;
    int string_type;
  };

  // ---- the subject

  OwnedName subject(const Rules& rules, const std::string& host) {
    std::vector<OwnedNameEntry> entries;
    for (const auto& field : rules.issuer->policy()) add_field(entries, field, rules.issuer_certificate, host);
    const auto more = chance_.number(3);
    for (std::size_t i = 0; i < more; ++i) {
      const auto& type = chance_.pick(kTypes);
      if (!must_match(*rules.issuer, type)) entries.push_back(entry(part(type)));
    }
    chance_.shuffle(entries);
    OwnedName name(X509_NAME_new());
    for (const auto& made : entries) {
      const int set = X509_NAME_entry_count(name.get()) > 0 && chance_.one_in(10) ? -1 : 0;  // -1: with the one before
      must(X509_NAME_add_entry(name.get(), made.get(), -1, set) == 1, "name part");
    }
    return name;
  }

  static bool must_match(const IssuerConfig& issuer, const std::string& type) {
    return std::ranges::any_of(issuer.policy(), [&](const PolicyField& field) {
      return field.rule == PolicyRule::Match && OBJ_txt2nid(field.name.c_str()) == OBJ_txt2nid(type.c_str());
    });
  }

  void add_field(std::vector<OwnedNameEntry>& entries, const PolicyField& field, const Certificate* issuer,
                 const std::string& host) {
    if (field.rule == PolicyRule::Match) return add_issuers_own(entries, field, issuer);
    const std::size_t least = field.rule == PolicyRule::Supplied ? 1 : 0;
    const auto count = least + chance_.number(chance_.one_in(4) ? 3 : 2);
    for (std::size_t i = 0; i < count; ++i) {
      const bool common_name = OBJ_txt2nid(field.name.c_str()) == NID_commonName;
      entries.push_back(entry(common_name ? Part{"CN", host, chance_.pick(kDirectory)} : part(field.name)));
    }
  }

  // `openssl ca` compares type and octets, so these are the issuer's own.
  void add_issuers_own(std::vector<OwnedNameEntry>& entries, const PolicyField& field, const Certificate* issuer) {
    X509_NAME* name = X509_get_subject_name(issuer->get());
    std::vector<int> places;
    for (int at = -1; (at = X509_NAME_get_index_by_NID(name, OBJ_txt2nid(field.name.c_str()), at)) >= 0;) {
      places.push_back(at);
    }
    for (const int at : chance_.some(places)) {
      entries.emplace_back(X509_NAME_ENTRY_dup(X509_NAME_get_entry(name, at)));
    }
  }

  Part part(const std::string& type) {
    switch (OBJ_txt2nid(type.c_str())) {
      case NID_countryName: return {type, chance_.pick<std::string>({"DE", "AT", "us"}), V_ASN1_PRINTABLESTRING};
      case NID_serialNumber:
      case NID_dnQualifier: return {type, fmt::format("{}", chance_.number(100000)), V_ASN1_PRINTABLESTRING};
      case NID_pkcs9_emailAddress:
        return {type, fmt::format("user{}@example.com", chance_.number(100)), V_ASN1_IA5STRING};
      case NID_domainComponent: return {type, chance_.pick<std::string>({"example", "com"}), V_ASN1_IA5STRING};
      case NID_pkcs9_unstructuredName: return {type, "a_b*c", chance_.pick<int>({V_ASN1_IA5STRING, V_ASN1_UTF8STRING})};
      default: break;
    }
    const int string_type = chance_.pick(kDirectory);
    const auto& values = string_type == V_ASN1_PRINTABLESTRING ? kPrintable : kUnicode;
    return {type, chance_.pick(values), string_type};
  }

  static OwnedNameEntry entry(const Part& part) {
    OwnedNameEntry made(X509_NAME_ENTRY_create_by_txt(nullptr, part.type.c_str(), part.string_type,
                                                      reinterpret_cast<const unsigned char*>(part.value.data()),
                                                      static_cast<int>(part.value.size())));
    must(made != nullptr, "name part");
    return made;
  }

  // ---- extensions

  void add_extensions(X509_REQ* request, const Rules& rules, const std::string& host) {
    std::vector<ExtensionLine> lines;
    const bool server = rules.profile->purpose == Purpose::Server;
    if (server || chance_.coin()) {
      lines.push_back({"subjectAltName", (chance_.coin() ? "critical," : "") + names(host, server)});
    }
    const auto key = PublicKey::of(X509_REQ_get0_pubkey(request));
    for (const auto& defined : rules.issuer->extensions(rules.profile->section_of(key.value().type()))) {
      if (chance_.one_in(4)) ask_again(lines, defined.name, defined.value);
    }
    if (lines.empty()) return;
    chance_.shuffle(lines);
    X509V3_CTX context;
    X509V3_set_ctx(&context, nullptr, nullptr, request, nullptr, 0);
    X509V3_set_nconf(&context, rules.issuer->conf());
    const auto extensions = make_extensions(lines, &context);
    const int attribute = chance_.one_in(6) ? NID_ms_ext_req : NID_ext_req;
    must(X509_REQ_add_extensions_nid(request, extensions.get(), attribute) == 1, "extension request");
  }

  // Another value for what the section defines: the section's counts.
  void ask_again(std::vector<ExtensionLine>& lines, const std::string& name, std::string value) {
    if (std::ranges::find(lines, name, &ExtensionLine::first) != lines.end()) return;
    if (name == "keyUsage" || name == "extendedKeyUsage" || name == "nsCertType") {
      if (value.starts_with("critical,")) value.erase(0, 9);
      std::vector<std::string> asked;
      for (const auto usage : split(value, ',')) asked.emplace_back(trimmed(usage));
      lines.push_back(
          {name, (chance_.coin() ? "critical," : "") + fmt::format("{}", fmt::join(chance_.some(asked), ","))});
    }
    if (name == "basicConstraints") lines.push_back({name, value.contains("FALSE") ? "CA:FALSE" : "CA:TRUE,pathlen:0"});
    if (name == "subjectKeyIdentifier") lines.push_back({name, "hash"});
    if (name == "nsComment") lines.push_back({name, "the request's own words"});
    if (name == "certificatePolicies") lines.push_back({name, "1.3.6.1.4.1.32473.9"});
    if (name == "crlDistributionPoints") lines.push_back({name, "URI:http://elsewhere.example.com/crl"});
    if (name == "tlsfeature") lines.push_back({name, "status_request"});
  }

  std::string names(const std::string& host, bool server) {
    std::vector<std::string> all{"DNS:" + host};
    const auto more = chance_.number(5);
    for (std::size_t i = 0; i < more; ++i) all.push_back(name(server ? 6 : 8));
    chance_.shuffle(all);
    return fmt::format("{}", fmt::join(all, ","));
  }

  std::string name(std::size_t kinds) {
    switch (chance_.number(kinds)) {
      case 0: return fmt::format("IP:10.{}.{}.{}", chance_.number(256), chance_.number(256), chance_.number(256));
      case 1: return fmt::format("IP:2001:db8::{:x}", chance_.number(65536));
      case 2: return "DNS:localhost";
      case 3: return "DNS:xn--bcher-kva.example";
      case 4: return "DNS:*.mqtt.example.com";
      case 5: return "DNS:UPPER.Example.COM";
      case 6: return "email:ops@example.com";
      default: return "URI:urn:example:device:7";
    }
  }

  static void add_attribute(X509_REQ* request, const char* type) {
    const auto* text = reinterpret_cast<const unsigned char*>("whatever");
    must(X509_REQ_add1_attr_by_txt(request, type, MBSTRING_ASC, text, -1) == 1, "attribute");
  }

  static inline const std::vector<std::string> kTypes{
      "C",      "ST",         "L",         "O",          "OU",  "emailAddress", "serialNumber",
      "title",  "GN",         "SN",        "DC",         "UID", "description",  "unstructuredName",
      "street", "postalCode", "pseudonym", "dnQualifier"};
  static inline const std::vector<int> kDirectory{V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING};
  static inline const std::vector<std::string> kPrintable{"Example", "A+B (Holding)", "O'Neil, Sons: 1/2?", " x  y "};
  static inline const std::vector<std::string> kUnicode{"M\xc3\xbcnchen", "\xe6\x97\xa5\xe6\x9c\xac", "a & b_c*@",
                                                        "\xf0\x9f\x94\x91 key", "plain"};

  Chance& chance_;
};

}  // namespace sealroom::testing
