// A request as it comes from a medium, through every rule that it decides alone: whatever the octets, judging ends
// without a crash, a refusal has a reason, what is accepted was proven and is read again as the same octets, and the
// verdict is short and printable.
#include <algorithm>
#include <cstdlib>

#include "sealroom/plan/report.hpp"

namespace {

using namespace sealroom;

constexpr std::size_t kLongestVerdict = 512 * 1024;  // half a frame of the wire

Rules generous_rules() {
  static const Profile profile = [] {
    Profile made;
    made.name = "client_cert";
    made.purpose = Purpose::Client;
    made.wildcards = Wildcards::Allow;
    return made;
  }();
  Rules rules;
  rules.profile = &profile;
  rules.keys.ed25519 = Ed25519Keys::Allow;
  rules.keys.least_rsa_exponent = 3;
  return rules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Rules rules = generous_rules();
  const auto examination = examine({"fuzz.csr", Bytes(data, data + size)}, rules, SystemClock());
  if (examination.refusals.empty() && !examination.csr) std::abort();
  const auto verdict = verdict_of(examination, "intermediate", "client_cert").dump();
  if (verdict.size() > kLongestVerdict) std::abort();
  if (!std::ranges::all_of(verdict, [](char c) { return c >= 0x20 && c <= 0x7e; })) std::abort();
  const auto* request = examination.request();
  if (request == nullptr) return 0;
  const auto again = ParsedRequest::parse(request->der(), rules.limits);
  if (!again || again->der() != request->der() || again->subject() != request->subject()) std::abort();
  return 0;
}
