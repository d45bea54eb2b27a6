#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/objects.h>

#include <string>
#include <utility>
#include <vector>

#include "chance.hpp"

namespace sealroom::testing {

// The two configurations of a PKI of two tiers.
struct IssuerTexts {
  std::string root;
  std::string intermediate;
};

// RandomIssuers writes configurations in the dialect of `openssl ca`, all of which Sealroom loads: policy sections in
// any order and mix, keys present and absent, extensions of every kind that it accepts, in any order.
class RandomIssuers {
 public:
  explicit RandomIssuers(Chance& chance) : chance_(chance) {
    shared_ = {{"organizationName", chance_.pick<std::string>({"HiveMQ", "Example, Inc.", "A+B (Holding)"})}};
    if (chance_.coin()) shared_.push_back({"countryName", chance_.pick<std::string>({"DE", "AT"})});
    if (chance_.coin()) shared_.push_back({"stateOrProvinceName", "Bavaria"});
    mask_ = chance_.pick<std::string>({"utf8only", "utf8only", "pkix", "nombstr", "default", ""});
  }

  IssuerTexts make() {
    const auto root_name = name("Root CA");
    const auto intermediate_name = name("Intermediate CA");
    return {text(root_name, root_policy(), authority_sections()),
            text(intermediate_name, leaf_policy(intermediate_name), leaf_sections())};
  }

 private:
  using Line = std::pair<std::string, std::string>;
  using Lines = std::vector<Line>;

  std::string section(const std::string& name, Lines lines) {
    chance_.shuffle(lines);
    return in_order(name, lines);
  }

  static std::string in_order(const std::string& name, const Lines& lines) {
    std::string text = fmt::format("\n[{}]\n", name);
    for (const auto& [key, value] : lines) text += fmt::format("{} = {}\n", key, value);
    return text;
  }

  Lines name(const std::string& common_name) {
    auto lines = shared_;
    const auto units = chance_.number(3);
    for (std::size_t i = 0; i < units; ++i) {
      lines.push_back({fmt::format("{}.organizationalUnitName", i), fmt::format("Unit {}", i)});
    }
    if (chance_.coin()) lines.push_back({"localityName", "Landshut"});
    if (chance_.one_in(3)) lines.push_back({"emailAddress", "ca@example.com"});
    lines.push_back({"commonName", fmt::format("{} {}", common_name, chance_.number(1000))});
    chance_.shuffle(lines);
    return lines;
  }

  // The root's policy keeps every part of the intermediate's name that the intermediate's own policy may refer to.
  Lines root_policy() {
    auto rules = matching(shared_);
    for (const auto* type : {"organizationalUnitName", "localityName"}) rules.push_back({type, "optional"});
    return with_others(rules, {"optional"});
  }

  Lines leaf_policy(const Lines& issuer) {
    Lines matchable;
    for (const auto& [numbered, value] : chance_.some(issuer)) {
      const auto type = numbered.substr(numbered.find('.') + 1);
      const bool there = std::ranges::find(matchable, type, &Line::first) != matchable.end();
      if (!there && type != "commonName" && type != "emailAddress") matchable.push_back({type, value});
    }
    return with_others(matching(matchable), {"optional", "optional", "supplied"});
  }

  Lines matching(const Lines& parts) {
    Lines rules{{"commonName", "supplied"}};
    for (const auto& [type, value] : parts) rules.push_back({type, chance_.pick<std::string>({"match", "optional"})});
    return rules;
  }

  Lines with_others(Lines rules, const std::vector<std::string>& demands) {
    for (const auto& type :
         chance_.some<std::string>({"C", "ST", "L", "O", "OU", "emailAddress", "serialNumber", "title", "GN", "DC",
                                    "UID", "description", "unstructuredName"})) {
      const bool there = std::ranges::any_of(rules, [&](const Line& rule) { return same_type(rule.first, type); });
      if (!there) rules.push_back({type, chance_.pick(demands)});
    }
    return rules;
  }

  static bool same_type(const std::string& a, const std::string& b) {
    return OBJ_txt2nid(a.c_str()) == OBJ_txt2nid(b.c_str());
  }

  void maybe(Lines& lines, const std::string& key, const std::vector<std::string>& values) {
    if (chance_.coin()) lines.push_back({key, chance_.pick(values)});
  }

  std::string text(const Lines& name, const Lines& rules, const std::string& sections) {
    const auto md = chance_.pick<std::string>({"sha256", "sha384", "sha512"});
    Lines ca{{"new_certs_dir", "$dir/newcerts"},
             {"database", "$dir/index.txt"},
             {"serial", "$dir/serial.txt"},
             {"private_key", "pkcs11:token=any;object=any;type=private"},
             {"default_md", md},
             {"default_days", "365"},
             {"policy", "the_policy"},
             {"copy_extensions", "copy"}};
    maybe(ca, "unique_subject", {"yes", "no"});
    maybe(ca, "email_in_dn", {"yes", "no"});
    chance_.shuffle(ca);
    ca.insert(ca.begin(), {"dir", "/nowhere"});
    Lines base{{"default_ca", "CA_default"}};
    if (chance_.one_in(4)) base.push_back({"preserve", "yes"});
    Lines req{{"distinguished_name", "the_name"}, {"prompt", "no"}, {"default_md", md}, {"x509_extensions", "v3_ca"}};
    if (!mask_.empty()) req.push_back({"string_mask", mask_});
    auto extensions = sections + own_section();
    if (extensions.contains("@stated")) {
      extensions += in_order(
          "stated", {{"policyIdentifier", "1.3.6.1.4.1.32473.2"}, {"CPS.1", "\"http://pki.example.com/cps\""}});
    }
    return section("ca", base) + in_order("CA_default", ca) + section("the_policy", rules) + section("req", req) +
           in_order("the_name", name) + extensions;
  }

  // What either kind of certificate may carry besides.
  void add_pointers(Lines& lines) {
    if (chance_.one_in(3)) {
      lines.push_back({"crlDistributionPoints",
                       chance_.pick<std::string>({"URI:http://crl.example.com/a.crl",
                                                  "URI:http://a.example.com/a.crl,URI:http://b.example.com/b.crl"})});
    }
    if (chance_.one_in(3)) {
      lines.push_back(
          {"authorityInfoAccess", chance_.pick<std::string>({"caIssuers;URI:http://pki.example.com/ca.cer",
                                                             "OCSP;URI:http://ocsp.example.com/,"
                                                             "caIssuers;URI:http://pki.example.com/ca.cer"})});
    }
    if (chance_.one_in(3)) {
      lines.push_back({"certificatePolicies", chance_.pick<std::string>({"1.3.6.1.4.1.32473.1",
                                                                         "1.3.6.1.4.1.32473.1,"
                                                                         "@stated"})});
    }
    if (chance_.one_in(5)) lines.push_back({"issuerAltName", "URI:http://pki.example.com/"});
  }

  void add_identifiers(Lines& lines, const std::vector<std::string>& of_authority) {
    maybe(lines, "subjectKeyIdentifier", {"hash"});
    maybe(lines, "authorityKeyIdentifier", of_authority);
  }

  std::string authority(const std::string& name, const std::string& constraints,
                        const std::vector<std::string>& authority_key) {
    Lines lines{{"basicConstraints", constraints},
                {"keyUsage", "critical, " + chance_.pick<std::string>({"digitalSignature, cRLSign, keyCertSign",
                                                                       "keyCertSign,cRLSign", "keyCertSign"})}};
    add_identifiers(lines, authority_key);
    add_pointers(lines);
    maybe(lines, "nsCertType", {"sslCA", "sslCA, emailCA"});
    maybe(lines, "nsComment", {"\"Made by hand\""});
    return section(name, lines);
  }

  std::string own_section() {
    return authority("v3_ca", "critical, CA:true",
                     {"keyid", "keyid:always", "keyid:always,issuer", "keyid,issuer", "keyid:always,issuer:always"});
  }

  std::string authority_sections() {
    const auto constraints =
        chance_.pick<std::string>({"critical, CA:true, pathlen:0", "critical,CA:TRUE,pathlen:2", "critical,CA:TRUE"});
    return authority("v3_intermediate_ca", constraints, kAuthorityKey);
  }

  std::string leaf(const std::string& name, const std::string& purpose, const std::string& netscape) {
    Lines lines{{"keyUsage", (chance_.coin() ? "critical, " : "") +
                                 chance_.pick<std::string>({"digitalSignature", "digitalSignature, keyEncipherment",
                                                            "nonRepudiation,digitalSignature"})},
                {"extendedKeyUsage", (chance_.one_in(4) ? "critical," : "") + purpose}};
    maybe(lines, "basicConstraints", {"CA:FALSE", "critical,CA:FALSE"});
    maybe(lines, "nsCertType", {netscape, netscape + ", email"});
    maybe(lines, "nsComment", {"\"OpenSSL Generated Certificate\"", "plain words"});
    if (chance_.one_in(5)) lines.push_back({"tlsfeature", "status_request"});
    if (chance_.one_in(5)) lines.push_back({"subjectAltName", "DNS:fixed.example.com, IP:10.0.0.1"});
    add_identifiers(lines, kAuthorityKey);
    add_pointers(lines);
    return section(name, lines);
  }

  std::string leaf_sections() {
    return leaf("server_cert", chance_.pick<std::string>({"serverAuth", "serverAuth,clientAuth"}), "server") +
           leaf("client_cert", chance_.pick<std::string>({"clientAuth", "clientAuth, emailProtection"}), "client");
  }

  static inline const std::vector<std::string> kAuthorityKey{
      "keyid", "keyid,issuer", "keyid:always", "keyid,issuer:always", "keyid:always,issuer:always"};

  Chance& chance_;
  Lines shared_;      // parts of both issuers' names
  std::string mask_;  // string_mask of both
};

}  // namespace sealroom::testing
