#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "sealroom/plan/planned_certificate.hpp"
#include "support/openssl_requests.hpp"

namespace sealroom::testing {

inline constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + std::chrono::hours{10}};

// "issuers/root.cnf" as it is shipped.
inline std::string shipped(const std::string& file) {
  std::ifstream in(std::string(SEALROOM_SOURCE_DIR) + "/ceremony/" + file, std::ios::binary);
  if (!in) throw std::runtime_error("no " + file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// `text` with the first `from` in it become `to`; a test that changes nothing would show nothing.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not in the text: " + from);
  return text.replace(at, from.size(), to);
}

inline std::string changed_everywhere(std::string text, const std::string& from, const std::string& to) {
  text = changed(text, from, to);
  for (auto at = text.find(from); at != std::string::npos && to.find(from) == std::string::npos; at = text.find(from)) {
    text.replace(at, from.size(), to);
  }
  return text;
}

inline IssuerConfig issuer_config(const std::string& text, const std::string& file = "issuers/test.cnf") {
  auto config = IssuerConfig::parse(file, text);
  if (!config) throw std::runtime_error(config.error().message);
  return *std::move(config);
}

inline Profile make_profile(const std::string& name, Purpose purpose, int days) {
  Profile profile;
  profile.name = name;
  profile.section = name;
  profile.purpose = purpose;
  profile.days = days;
  profile.maximum_days = days;
  if (purpose != Purpose::Server) profile.names.insert({NameKind::Email, NameKind::Uri});
  profile.own_certificate = name == "v3_ca";
  return profile;
}

inline const Profile kOwn = make_profile("v3_ca", Purpose::Ca, 3652);
inline const Profile kIntermediate = make_profile("v3_intermediate_ca", Purpose::Ca, 3650);
inline const Profile kServer = make_profile("server_cert", Purpose::Server, 365);
inline const Profile kClient = make_profile("client_cert", Purpose::Client, 375);

inline const PermittedNames kAnyNames{};

inline bool has(const Findings& findings, std::string_view id) {
  return std::ranges::find(findings, id, &Finding::id) != findings.end();
}

inline std::string detail_of(const Findings& findings, std::string_view id) {
  const auto found = std::ranges::find(findings, id, &Finding::id);
  return found == findings.end() ? "" : found->detail;
}

inline std::set<std::string> ids_of(const Findings& findings) {
  std::set<std::string> ids;
  for (const auto& finding : findings) ids.insert(finding.id);
  return ids;
}

using Ids = std::set<std::string>;

inline Submission submission(const Bytes& request, const std::string& path = "intermediate/server_cert/a.csr") {
  return {path, request};
}

// By the clock of this machine, with time enough for every test.
inline Examination examine(Submission submission, const Rules& rules) {
  return sealroom::examine(std::move(submission), rules, SystemClock());
}

inline Facts facts_now(Instant now = kNow) {
  Facts facts;
  facts.now = now;
  return facts;
}

inline Serial serial_of(std::uint8_t last) {
  Serial serial{};
  serial.front() = 0x21;
  serial.back() = last;
  return serial;
}

// The permit for `request`, which must get one.
inline Permit permit_for(const Bytes& request, const Rules& rules, const Wish& wish = {}, Instant now = kNow) {
  auto decision = decide(examine(submission(request), rules), rules, facts_now(now), wish);
  if (const auto* refusal = std::get_if<Refusal>(&decision)) {
    std::string why;
    for (const auto& finding : refusal->examination.refusals) why += finding.id + ": " + finding.detail + "\n";
    throw std::runtime_error("refused: " + why);
  }
  return std::get<Permit>(std::move(decision));
}

inline PlannedCertificate plan_for(const Permit& permit, const Serial& serial) {
  auto planned = PlannedCertificate::build(permit, serial);
  if (!planned) throw std::runtime_error(planned.error().message);
  return *std::move(planned);
}

// What a token does: signs the planned octets with a software key.
inline Certificate signed_by(const PlannedCertificate& planned, EVP_PKEY* signer) {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto& octets = planned.to_be_signed();
  must(EVP_DigestSignInit(context.get(), nullptr, evp_of(planned.hash()), nullptr, signer) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, octets.data(), octets.size()) == 1,
       "signature size");
  Bytes signature(size);
  must(EVP_DigestSign(context.get(), signature.data(), &size, octets.data(), octets.size()) == 1, "signature");
  signature.resize(size);
  auto assembled = assemble_certificate(octets, signature);
  if (!assembled) throw std::runtime_error(assembled.error().message);
  auto certificate = Certificate::parse(*assembled);
  if (!certificate) throw std::runtime_error(certificate.error().message);
  return *std::move(certificate);
}

// A request for the issuer's own certificate.
inline Bytes own_request(const IssuerConfig& config, const std::string& kind, int number) {
  RequestRecipe recipe{.key = kind, .key_number = number, .subject = {}, .extensions = {}};
  const auto request = unsigned_request(recipe);
  const unsigned char* next = config.own_name().data();
  const OwnedName name(d2i_X509_NAME(nullptr, &next, static_cast<long>(config.own_name().size())));
  must(X509_REQ_set_subject_name(request.get(), name.get()) == 1, "subject");
  return sign_request(request.get(), kind, number);
}

// Root and intermediate of the shipped configurations (or of changed texts), with software keys, made by the code
// under test.
class TwoTiers {
 public:
  explicit TwoTiers(const std::string& kind = "ec:P-256", const std::string& root_text = shipped("issuers/root.cnf"),
                    const std::string& intermediate_text = shipped("issuers/intermediate.cnf"),
                    const Profile& own = kOwn, const Profile& for_intermediate = kIntermediate)
      : kind_(kind),
        own_(own),
        for_intermediate_(for_intermediate),
        root_config_(issuer_config(root_text, "issuers/root.cnf")),
        config_(issuer_config(intermediate_text, "issuers/intermediate.cnf")),
        root_(make_root()),
        intermediate_(make_intermediate()) {}

  const std::string& kind() const { return kind_; }
  EVP_PKEY* root_key() const { return test_key(kind_, 200); }
  EVP_PKEY* key() const { return test_key(kind_, 201); }
  const IssuerConfig& root_config() const { return root_config_; }
  const IssuerConfig& config() const { return config_; }
  const Certificate& root() const { return root_; }
  const Certificate& intermediate() const { return intermediate_; }

  Rules own_rules() const { return {&root_config_, &own_, nullptr, {}, {}, {}, &kAnyNames}; }
  Rules root_rules(const Profile& profile = kIntermediate) const {
    return {&root_config_, &profile, &root_, {}, {}, {}, &kAnyNames};
  }
  Rules rules(const Profile& profile = kServer) const {
    return {&config_, &profile, &intermediate_, {}, {}, {&root_, 1}, &kAnyNames};
  }

 private:
  Certificate make_root() const {
    return signed_by(plan_for(permit_for(own_request(root_config_, kind_, 200), own_rules()), serial_of(1)),
                     root_key());
  }
  Certificate make_intermediate() const {
    const auto request = own_request(config_, kind_, 201);
    return signed_by(plan_for(permit_for(request, root_rules(for_intermediate_)), serial_of(2)), root_key());
  }

  std::string kind_;
  Profile own_;
  Profile for_intermediate_;
  IssuerConfig root_config_;
  IssuerConfig config_;
  Certificate root_;
  Certificate intermediate_;
};

inline const TwoTiers& tiers() {
  static const TwoTiers made;
  return made;
}

// The ids that refuse `recipe` under `rules`.
inline Ids refusals_of(const RequestRecipe& recipe, const Rules& rules) {
  return ids_of(examine(submission(make_request(recipe)), rules).refusals);
}

}  // namespace sealroom::testing
