#pragma once

#include <string>
#include <vector>

#include "sealroom/issuance/anchors.hpp"
#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/issue.hpp"

// What is done after a crash, before anything else is signed.
namespace sealroom {

// What a token was about to do with an owner's key when the daemon ended. Generation: it may hold a pair that the ledger
// does not know. Destruction: the key may be gone, or half of it. Request: it may have signed the owner's own request.
enum class KeyAct { Generation, Destruction, Request };

std::string_view name_of(KeyAct act);  // "generation", "destruction", "request"

struct OpenKeyIntent {
  std::string owner;
  KeyAct act = KeyAct::Generation;
  std::string label;  // of the objects on the token
  std::string token_serial;
  Bytes key_id{};                      // of a Destruction
  std::optional<Digest> public_key{};  // of a Destruction; nothing when the token could not say
};

// What a crash left without an outcome.
struct Unaccounted {
  // Started and not recorded, so a signature may exist; never more than two groups.
  std::vector<CertificateRow> suspects;
  std::vector<OpenKeyIntent> keys;
  std::vector<Gap> gaps;                    // tokens that remember what this ledger does not have
  std::vector<OpenKeyIntent> destructions;  // recover() leaves them: the next unlock sees what the token holds

  bool empty() const { return suspects.empty() && keys.empty() && gaps.empty(); }
};

// Errors: Integrity.
Result<Unaccounted> unaccounted(const Ledger& ledger, const Configuration& configuration);

// Whether anything may be signed. Errors: NeedsPerson while there are suspects, Integrity while there are gaps.
Result<Done> nothing_unaccounted(const Ledger& ledger, const Configuration& configuration);

// The log tag under which the life of an owner's key is found.
std::string key_tag(std::string_view owner);

// What was begun with the owner's key and has no outcome, if there is something. Errors: Integrity.
Result<std::optional<OpenKeyIntent>> open_key_intent(const Ledger& ledger, std::string_view owner);

// Says in the log that nobody knows what became of the intent (key.abandoned).
Result<Done> close_intent(Change& change, const OpenKeyIntent& intent);

// What recover() did.
struct Recovered {
  std::vector<CertificateRow> burned;   // the suspects, now abandoned
  std::vector<OpenKeyIntent> keys;      // intents closed; what lies on the token must be adopted or destroyed
  std::vector<PlannedBatch> planned;    // new batches for the suspects' requests
  std::vector<std::string> ceremonies;  // issuers whose own certificate must be made again by their ceremony
  std::vector<Gap> gaps;                // accepted
};

// What a person says about gaps: that they are to be accepted as they are, for ever.
enum class Gaps { Keep, Accept };

// Accounts for everything unaccounted: each suspect's serial is burned (state abandoned, event certificate.abandoned, proposed
// for revocation), each open key intent is closed (key.abandoned). The suspects of a batch are burned, and their requests
// planned again, in one durable change; so what an error leaves is accounted for when this is repeated. With nothing
// unaccounted it does nothing. Errors: Integrity, also for gaps that are kept.
Result<Recovered> recover(const Work& work, Gaps gaps);

}  // namespace sealroom
