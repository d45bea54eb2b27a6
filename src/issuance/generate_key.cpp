#include <fmt/format.h>

#include "key_intent.hpp"
#include "key_strength.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"
#include "sealroom/issuance/keys.hpp"
#include "sealroom/issuance/recovery.hpp"
#include "sealroom/log/canonical.hpp"
#include "stored_keys.hpp"

namespace sealroom {
namespace {

ActDone outcome_of(const KeyRow& row, const PublicKey& key, bool repeated) {
  return {.outcome = {{"algorithm", key.description()},
                      {"token", row.token_label},
                      {"token_serial", row.token_serial},
                      {"key_id", to_hex(row.key_id)},
                      {"fingerprint", to_hex(key.digest())}},
          .repeated = repeated};
}

}  // namespace

std::unexpected<Error> not_generated(const Work& work, std::string_view owner, const Error& why) {
  auto noted = record(work,
                      {.name = "key.generation-failed",
                       .outcome = "error",
                       .details = {{"owner", owner}, {"reason", printable(why.message)}}},
                      key_tag(owner));
  if (!noted) return pass_on(noted);
  return fail(why.kind, fmt::format("{}: {}", owner, why.message), why.hint);
}

Result<Done> is_strong_enough(const Configuration& configuration, std::string_view owner, const KeySpec& spec) {
  if (owner == kLogOwner) {
    if (spec.type == KeyType::EcP256) return Done{};
    return fail(ErrorKind::Usage, "the log key must be ec-p256: checkpoints are ECDSA P-256 signatures");
  }
  const auto least = configuration.issuer(owner)->config.default_bits();
  if (spec.type != KeyType::Rsa || spec.bits >= least) return Done{};
  return fail(ErrorKind::Usage, fmt::format("{} is below default_bits = {} of issuer {}", spec.text(), least, owner));
}

Result<ActDone> generate_key(const Work& work, std::string_view owner, const KeySpec& spec) {
  auto& configuration = work.appliance.configuration;
  auto& ledger = work.appliance.ledger;
  auto& keys = work.appliance.keys;
  auto& clock = work.appliance.clock;
  auto uri = keys.uri_of(owner);
  if (!uri) return pass_on(uri);
  auto strong = is_strong_enough(configuration, owner, spec);
  if (!strong) return pass_on(strong);
  auto known = ledger.key(owner);
  if (!known) return pass_on(known);
  if (*known) {
    auto key = PublicKey::parse((*known)->public_key);
    if (!key) return pass_on(key, owner);
    return outcome_of(**known, *key, true);
  }
  auto token = keys.token(owner);
  if (!token) return pass_on(token);
  auto decided = keys.nothing_unknown(owner);
  if (!decided) return pass_on(decided);
  if (uri->object().empty()) {
    return fail(ErrorKind::Usage, fmt::format("the key URI of {} has no object: a new key needs a label", owner));
  }

  auto intended = note_intent(work, owner, generating(owner, spec, uri->object(), (*token)->info().serial));
  if (!intended) return pass_on(intended);
  auto generated = (*token)->generate(spec, uri->object());
  if (!generated) return not_generated(work, owner, generated.error());

  KeyRow row{.owner = std::string(owner),
             .uri = uri->text(),
             .token_label = generated->token.label,
             .token_serial = generated->token.serial,
             .key_id = generated->key_id,
             .public_key = generated->public_key.der(),
             .evidence = log::canonical(generated->evidence),
             .created = clock.now(),
             .entry = 0};
  auto change = work.begin_outcome();
  if (!change) return pass_on(change);
  auto seq = change->append({.name = "key.generated",
                             .outcome = "ok",
                             .details = {{"owner", owner},
                                         {"algorithm", spec.text()},
                                         {"token_label", row.token_label},
                                         {"token_serial", row.token_serial},
                                         {"key_id", to_hex(row.key_id)},
                                         {"public_key_sha256", to_hex(generated->public_key.digest())},
                                         {"evidence", generated->evidence}}},
                            key_tag(owner));
  if (!seq) return pass_on(seq);
  row.entry = *seq;
  auto put = change->put_key(row);
  if (!put) return pass_on(put);
  if (owner != kLogOwner) {
    auto issuer = issuer_row(ledger, owner);
    if (!issuer) return pass_on(issuer);
    issuer->state = "key";
    auto moved = change->put_issuer(*issuer);
    if (!moved) return pass_on(moved);
  }
  auto receipt = std::move(*change).commit();
  if (!receipt) return pass_on(receipt);

  auto loaded = keys.load(row);
  if (!loaded) return pass_on(loaded);
  auto looked = look_again(work, owner);
  if (!looked) return pass_on(looked);
  return outcome_of(row, generated->public_key, false);
}

}  // namespace sealroom
