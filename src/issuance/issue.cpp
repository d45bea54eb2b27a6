// The appliance on one page. Every other file exists to serve these lines.
#include "sealroom/issuance/issue.hpp"

#include "open_batch.hpp"
#include "sealroom/issuance/signing_crew.hpp"
#include "signing_queue.hpp"

namespace sealroom {

// Deciding needs no token. Whatever the verdict on a request, its neighbours never notice.
Result<PlannedBatch> plan(const Work& work, const Intake& intake) {
  auto batch = OpenBatch::open(work, intake);
  if (!batch) return pass_on(batch, "import");

  auto taken = intake.each_file([&](Found file) -> Result<Done> {
    if (work.stopping()) return stopped();
    return (*batch)->take(std::move(file));  // drafted on every processor, judged one after the other
  });
  if (!taken) return pass_on(taken, "import");
  return std::move(**batch).record();  // plans, digests and refusals become durable together
}

Result<Done> OpenBatch::judge(Draft draft, const RulesInForce& in_force, const Wish& wish) {
  refuse_own_profile(draft.examination, in_force);
  auto known = facts(draft.examination, in_force);
  if (!known) return pass_on(known);

  auto decision = decide(std::move(draft.examination), in_force.rules, *known, wish);
  const auto* permit = std::get_if<Permit>(&decision);
  if (permit == nullptr) return refuse(std::get<Refusal>(decision));

  const auto& admitted = draft.admitted.value();
  return admitted ? add(*permit, admitted->planned(), in_force, wish) : refuse(*permit, admitted.error());
}

// Signing takes recorded plans only, group by group; each group's start is durable before the token sees it, its
// outcome is durable before anyone is told. While the crew signs one group, the next is started and the one before recorded.
Result<SignedBatch> sign(const Work& work, std::string_view batch, std::string_view issuer) {
  auto queue = SigningQueue::open(work, batch, issuer);
  if (!queue) return pass_on(queue, "sign");

  SigningCrew crew(work, queue->threads());
  for (;;) {
    while (crew.wants_more()) {
      auto started = queue->start_next();  // decided again
      if (!started) break;
      crew.begin(std::move(*started), queue->key());
    }
    if (crew.groups() == 0) return std::move(*queue).close();  // a checkpoint over all of it, signed by the log key

    const auto made = crew.finish();  // read back, the admitted octets, verified
    auto recorded = record_outcome(work, made);
    if (!recorded) return pass_on(recorded, "sign");
    queue->count(made);
  }
}

}  // namespace sealroom
