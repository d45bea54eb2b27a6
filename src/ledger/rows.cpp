#include "sealroom/ledger/rows.hpp"

#include <array>
#include <cstdlib>

namespace sealroom {
namespace {

constexpr std::array kStates{CertificateState::Planned, CertificateState::Approved, CertificateState::Started,
                             CertificateState::Issued,  CertificateState::Refused,  CertificateState::Rejected,
                             CertificateState::Expired, CertificateState::Abandoned};

}  // namespace

std::string_view name_of(CertificateState state) {
  switch (state) {
    case CertificateState::Planned: return "planned";
    case CertificateState::Approved: return "approved";
    case CertificateState::Started: return "started";
    case CertificateState::Issued: return "issued";
    case CertificateState::Refused: return "refused";
    case CertificateState::Rejected: return "rejected";
    case CertificateState::Expired: return "expired";
    case CertificateState::Abandoned: return "abandoned";
  }
  std::abort();
}

std::optional<CertificateState> certificate_state_from(std::string_view name) {
  for (const auto state : kStates) {
    if (name_of(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace sealroom
