#include "batch_certificates.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/merkle.hpp"
#include "sealroom/plan/planned_certificate.hpp"
#include "sealroom/x509/pem.hpp"

namespace sealroom::audit {
namespace {

// No chain is as long, and no appliance has as many CAs; who signed whom is tried with each of them.
constexpr std::size_t kMostCertificates = 64;

std::string pem_of(std::span<const Certificate> chain) {
  std::string text;
  for (const auto& certificate : chain) text += to_pem(kCertificatePem, certificate.der());
  return text;
}

const char* verify_purpose(Purpose purpose) {
  switch (purpose) {
    case Purpose::Server: return "sslserver";
    case Purpose::Client: return "sslclient";
    case Purpose::Ca: return "any";
  }
  std::abort();
}

class CertificateJudge {
 public:
  CertificateJudge(ExportedFiles& files, const ReportedCertificate& reported, const CertificateContext& context,
                   Complaints& complaints)
      : files_(files),
        reported_(reported),
        context_(context),
        complaints_(complaints),
        stem_(fmt::format("{}/{}/{}", reported.issuer, reported.profile, reported.name)) {}

  void judge() && {
    const auto own = read_pem_certificates(files_, stem_ + ".cert.pem", "verify.certificate", complaints_);
    chain_ = read_pem_certificates(files_, stem_ + ".fullchain.pem", "verify.certificate-chain", complaints_);
    const auto trail = context_.log.trails.find({reported_.issuer, reported_.serial});
    if (trail == context_.log.trails.end() || !trail->second.planned || !trail->second.started ||
        !trail->second.issued) {
      return complain("verify.lifecycle", "the log has not planned, started and issued it");
    }
    trail_ = &trail->second;
    const auto& issued = context_.log.entries[*trail_->issued];
    check_inclusion(files_, fmt::format("audit/proofs/{}.proof", stem_), issued.entry.seq, issued.leaf, context_.head,
                    complaints_);
    if (own.size() != 1) return;
    compare_with_entry(own.front());
    compare_with_plan(own.front());
    compare_chain_files(own.front());
    check_rules(own.front());
  }

 private:
  void complain(std::string_view id, std::string_view what) {
    complaints_.add(id, fmt::format("{}: {}", printable(stem_), what));
  }

  void compare_with_entry(const Certificate& certificate) {
    const auto& told = context_.log.at(*trail_->issued).event.details;
    const auto require = [&](std::string_view id, const char* member, const std::string& value) {
      if (text_in(told, member) == value) return;
      complain(id,
               fmt::format("its {} is {}, and the log has issued {}", member, value, printable(text_in(told, member))));
    };
    const auto digest = to_hex(certificate.digest());
    require("verify.certificate", "certificate_sha256", digest);
    require("verify.certificate", "tbs_sha256", to_hex(sha256(certificate.to_be_signed())));
    require("verify.certificate", "serial", certificate.serial_hex());
    require("verify.certificate", "profile", reported_.profile);
    require("verify.certificate", "request_sha256", text_in(reported_.verdict, "sha256"));
    require("verify.validity", "not_before", to_rfc3339(certificate.not_before()));
    require("verify.validity", "not_after", to_rfc3339(certificate.not_after()));
    if (text_in(reported_.verdict, "certificate_sha256") != digest) {
      complain("verify.report", "report.json has another certificate");
    }
  }

  void compare_with_plan(const Certificate& certificate) {
    const auto plan = context_.plans.find(reported_.issuer);
    if (plan == context_.plans.end()) return complain("verify.plan-membership", "its issuer has no plan");
    const auto leaf = plan->second.leaves.find(reported_.serial);
    if (leaf == plan->second.leaves.end() || leaf->second != log::leaf_hash(certificate.to_be_signed())) {
      complain("verify.plan-membership", "its to-be-signed octets are not in the plan");
    }
    const auto valid_until = plan->second.document.facts.valid_until;
    if (context_.log.at(*trail_->started).context.time > valid_until || valid_until > certificate.not_after()) {
      complain("verify.validity", fmt::format("its plan was valid until {}", to_rfc3339(valid_until)));
    }
  }

  void compare_chain_files(const Certificate& certificate) {
    if (chain_.empty()) return;
    const auto is_known = [&](const Certificate& above) { return context_.authorities.contains(above.digest()); };
    if (chain_.front().digest() != certificate.digest() || !chain_.back().self_issued() ||
        !std::all_of(chain_.begin() + 1, chain_.end(), is_known)) {
      complain("verify.certificate-chain", "its full chain does not lead from it to a root of ca/");
    }
    // A root that is itself of this batch need not be in use, and so not in ca/.
    const auto& roots = context_.anchors.roots;
    const auto& root = chain_.back();
    if (!roots.empty() && std::ranges::find(roots, root.digest(), &Certificate::digest) == roots.end()) {
      complain("verify.root-anchor", "its root is none of those that were given");
    }
    const auto without_root = std::span<const Certificate>(chain_).first(std::max<std::size_t>(1, chain_.size() - 1));
    const auto compare = [&](const char* ending, const std::string& wanted) {
      const auto text = files_.text(stem_ + ending);
      if (text && *text != wanted) complain("verify.certificate-chain", fmt::format("{} holds another chain", ending));
    };
    compare(".chain.pem", pem_of(without_root));
    std::vector<ByteView> links;
    for (const auto& link : chain_) links.push_back(link.der());
    compare(".p7b", to_pem("PKCS7", to_pkcs7(links)));
  }

  void check_rules(const Certificate& certificate) {
    if (context_.configuration == nullptr || chain_.empty()) return;
    const auto* profile = context_.configuration->profile(reported_.issuer, reported_.profile);
    if (profile == nullptr) return complain("verify.configuration", "its profile is not in audit/config");
    if (certificate.not_after() - certificate.not_before() > std::chrono::days(profile->maximum_days)) {
      complain("verify.validity", fmt::format("it is valid for more than {} days", profile->maximum_days));
    }
    const auto* issuer = chain_.size() > 1 ? &chain_[1] : nullptr;
    for (const auto& [id, detail] : check_certificate(certificate, {.purpose = profile->purpose, .issuer = issuer})) {
      complain(id, detail);
    }
    const auto issued = context_.log.at(*trail_->issued).context.time;
    const auto at =
        std::clamp(issued, certificate.not_before(), std::max(certificate.not_before(), certificate.not_after()));
    const auto verified = verify_chain(chain_, at, verify_purpose(profile->purpose));
    if (!verified) complain("verify.certificate-chain", verified.error().message);
  }

  ExportedFiles& files_;
  const ReportedCertificate& reported_;
  const CertificateContext& context_;
  Complaints& complaints_;
  std::string stem_;
  std::vector<Certificate> chain_;
  const Trail* trail_ = nullptr;
};

}  // namespace

std::vector<Certificate> read_pem_certificates(ExportedFiles& files, const std::string& path, std::string_view id,
                                               Complaints& complaints) {
  std::vector<Certificate> certificates;
  const auto text = files.text(path);
  if (!text) return certificates;
  const auto ders = read_certificates(as_bytes(*text), path);
  if (ders && ders->size() > kMostCertificates) {
    complaints.add(id, fmt::format("{}: has more than {} certificates", printable(path), kMostCertificates));
    return certificates;
  }
  if (ders) {
    for (const auto& der : *ders) {
      if (auto certificate = Certificate::parse(der)) certificates.push_back(std::move(*certificate));
    }
  }
  if (!ders || certificates.size() != ders->size() || pem_of(certificates) != *text) {
    complaints.add(id, fmt::format("{}: is not the PEM of certificates and nothing else", printable(path)));
    certificates.clear();
  }
  return certificates;
}

void check_issued(ExportedFiles& files, const ReportedCertificate& reported, const CertificateContext& context,
                  Complaints& complaints) {
  CertificateJudge(files, reported, context, complaints).judge();
}

}  // namespace sealroom::audit
