#include "sealroom/plan/admitted_certificate.hpp"

#include <cstdlib>
#include <optional>
#include <utility>

namespace sealroom {

const char* verify_purpose(Purpose purpose) {
  switch (purpose) {
    case Purpose::Server: return "sslserver";
    case Purpose::Client: return "sslclient";
    case Purpose::Ca: return "ca";
  }
  std::abort();
}

Result<AdmittedCertificate> AdmittedCertificate::admit(PlannedCertificate planned, const IssuerChain* above) {
  // It ends here, on the thread that made it: it is dear to let go of.
  const auto certificate = std::exchange(planned.without_signature_, std::nullopt).value();
  if (above == nullptr) {
    if (!certificate.self_issued()) return fail(ErrorKind::Failed, "the planned certificate: has no issuer's chain");
    return AdmittedCertificate(std::move(planned));
  }
  auto admits = above->admits(certificate, verify_purpose(planned.purpose()));
  if (!admits) return pass_on(admits, "the planned certificate");
  return AdmittedCertificate(std::move(planned));
}

}  // namespace sealroom
