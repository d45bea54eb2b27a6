#include "methods.hpp"
#include "parameters.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/clock_check.hpp"
#include "sealroom/issuance/recovery.hpp"

// Methods for bad days: on the writing desk.
namespace sealroom::daemon {

Result<Json> clock_confirm(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto told = parameters.moment("time");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  if (!told) return fail(ErrorKind::Usage, "the time is missing");
  auto confirmed = confirm_clock(work, *told);
  if (!confirmed) return pass_on(confirmed);
  return Json{{"time", to_rfc3339(*told)}};
}

Result<Json> checkpoint_trust(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const auto note = from_base64(parameters.text("note"));
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  if (!note) return fail(ErrorKind::Usage, "the checkpoint is not base64");
  auto compared = trust_checkpoint(work, as_text(*note));
  if (!compared) return pass_on(compared);
  return Json{{"size", compared->size}, {"standing", name_of(compared->standing)}};
}

Result<Json> clock_correct(Daemon&, Request& request, const Work& work) {
  auto understood = Parameters(request.parameters).done();
  if (!understood) return pass_on(understood);
  auto misdated = correct_clock(work);
  if (!misdated) return pass_on(misdated);
  Json answer{{"format", "sealroom-clock/1"},
              {"newest", to_rfc3339(misdated->newest)},
              {"first_entry", misdated->first_entry},
              {"entries", misdated->entries},
              {"certificates", Json::array()}};
  for (const auto& row : misdated->certificates) {
    answer["certificates"].push_back({{"issuer", row.issuer},
                                      {"serial", to_upper_hex(row.serial)},
                                      {"not_before", to_rfc3339(row.not_before)},
                                      {"not_after", to_rfc3339(row.not_after)}});
  }
  return answer;
}

Result<Json> recover_after_crash(Daemon&, Request& request, const Work& work) {
  Parameters parameters(request.parameters);
  const bool accept = parameters.flag("accept_gap");
  auto understood = parameters.done();
  if (!understood) return pass_on(understood);
  auto recovered = recover(work, accept ? Gaps::Accept : Gaps::Keep);
  if (!recovered) return pass_on(recovered);
  Json answer{{"format", "sealroom-recover/1"}, {"burned", Json::array()}, {"keys", Json::array()},
              {"planned", Json::array()},       {"gaps", Json::array()},   {"ceremonies", recovered->ceremonies}};
  for (const auto& row : recovered->burned) {
    answer["burned"].push_back(
        {{"batch", row.batch}, {"issuer", row.issuer}, {"name", row.name}, {"serial", to_upper_hex(row.serial)}});
  }
  for (const auto& key : recovered->keys) {
    answer["keys"].push_back(
        {{"owner", key.owner}, {"act", name_of(key.act)}, {"label", key.label}, {"token_serial", key.token_serial}});
  }
  for (const auto& batch : recovered->planned) {
    answer["planned"].push_back({{"batch", batch.id}, {"requests", batch.requests}, {"accepted", batch.accepted}});
  }
  for (const auto& gap : recovered->gaps) {
    answer["gaps"].push_back({{"owner", gap.owner},
                              {"token_serial", gap.token_serial},
                              {"size", gap.anchor.size},
                              {"root", to_hex(gap.anchor.root)}});
  }
  auto covered = checkpoint_if_unlocked(work);
  if (!covered) return pass_on(covered, "everything is accounted for, but no checkpoint covers it");
  return answer;
}

}  // namespace sealroom::daemon
