// A plan document, as an outsider hands it in: what is read is what it says.
#include <cstdlib>

#include "sealroom/log/canonical.hpp"
#include "sealroom/plan/document.hpp"

using namespace sealroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = parse_plan(text);
  if (!plan) return 0;
  const auto document = parse_json(text, "plan");
  if (!log::parse_canonical(text) || document->at("issuer") != plan->facts.issuer) std::abort();
  if (document->at("count") != plan->count || document->at("tbs_root") != to_hex(plan->tbs_root)) std::abort();
  return 0;
}
