#include <algorithm>

#include <fmt/format.h>

#include "batch_certificates.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/x509/name.hpp"

namespace sealroom::audit {
namespace {

constexpr std::string_view kFolder = "ca/";
constexpr const char* kChain = "ca/ca-chain.cert.pem";
constexpr std::string_view kEnding = ".cert.pem";

// Whether some certificate of `all` is a CA that signed `certificate`.
bool is_signed_within(const Certificate& certificate, const std::vector<Certificate>& all) {
  return std::ranges::any_of(all, [&](const Certificate& above) {
    return above.subject() == certificate.issuer() && above.is_ca() && above.may_sign_certificates() &&
           certificate.signed_by(above.key());
  });
}

}  // namespace

std::map<Digest, Certificate> read_authorities(ExportedFiles& files, const Anchors& anchors, Complaints& complaints,
                                               Verification& verification) {
  std::map<Digest, Certificate> known;
  std::vector<std::string> issuers;
  for (const auto& [path, digest] : files.digests()) {
    if (path.starts_with(kFolder) && path.ends_with(kEnding) && path != kChain) issuers.push_back(path);
  }
  verification.roots_anchored = !anchors.roots.empty();
  if (issuers.empty() && !files.has(kChain)) return known;
  const auto all = read_pem_certificates(files, kChain, "verify.ca", complaints);
  bool roots_follow = false;
  for (const auto& certificate : all) {
    const auto name = printable_name(certificate.subject());
    complaints.require(is_signed_within(certificate, all), "verify.ca",
                       fmt::format("{}: nobody there signed {}", kChain, name));
    complaints.require(certificate.self_issued() || !roots_follow, "verify.ca",
                       fmt::format("{}: {} stands behind a root", kChain, name));
    roots_follow = roots_follow || certificate.self_issued();
    complaints.require(known.emplace(certificate.digest(), certificate).second, "verify.ca",
                       fmt::format("{}: {} stands there twice", kChain, name));
    if (!certificate.self_issued() || anchors.roots.empty()) continue;
    if (std::ranges::find(anchors.roots, certificate.digest(), &Certificate::digest) != anchors.roots.end()) continue;
    verification.roots_anchored = false;
    complaints.add("verify.root-anchor", fmt::format("{}: the root {} with SHA-256 {} is none of those that were given",
                                                     kChain, name, to_hex(certificate.digest())));
  }
  for (const auto& path : issuers) {
    const auto own = read_pem_certificates(files, path, "verify.ca", complaints);
    complaints.require(own.empty() || (own.size() == 1 && known.contains(own.front().digest())), "verify.ca",
                       fmt::format("{}: is not one certificate of {}", printable(path), kChain));
  }
  verification.seen.push_back(fmt::format("the {} CA certificate(s) of ca/ form chains to their roots", all.size()));
  return known;
}

}  // namespace sealroom::audit
