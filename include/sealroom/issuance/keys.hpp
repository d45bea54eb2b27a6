#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sealroom/issuance/appliance.hpp"
#include "sealroom/issuance/issue.hpp"

// What happens with keys and CA certificates: unlocking, generating, self-signing, requesting, installing. Each act is
// an entry of the log, refused and failed ones included, and does not repeat what is done.
namespace sealroom {

// Logs in to the owner's token with `pin` and reads back every key on it that the ledger knows. Errors as
// Token::unlock; a failed login is logged, and never tried again by itself.
// Private keys on it that the ledger does not know are an entry, too (key.unknown); until people have decided about each,
// the token signs nothing (KeyRing::nothing_unknown).
// KeyWork leaves the token open although a known key on it is not as it must be (a copy on another token, a history
// that cannot be proven): such a key signs nothing before adopt_key().
enum class UnlockFor { Signing, KeyWork };
Result<Done> unlock(const Work& work, std::string_view owner, const Secret& pin, FinalTry final_try,
                    UnlockFor use = UnlockFor::Signing);

// Logs out. `reason` ("asked", "idle", "stopping") stands in the log.
Result<Done> lock(const Work& work, std::string_view owner, std::string_view reason);

// What an act made, as pairs for a transcript: "fingerprint", "serial", "batch", ...; `repeated` when it was done
// before.
struct ActDone {
  std::vector<std::pair<std::string, std::string>> outcome;
  bool repeated = false;
};

// Generates the owner's key on its unlocked token, reads it back, tries to extract it, and binds it in the ledger.
// The intent is durable before the token is asked. Errors: NeedsPerson while the token is locked, Usage for an
// algorithm below the issuer's default_bits, Token.
Result<ActDone> generate_key(const Work& work, std::string_view owner, const KeySpec& spec);

// A private key on an owner's unlocked token, as a person points at it.
struct KeyChoice {
  std::string owner;
  std::string key;  // its CKA_ID in hexadecimal digits, its label, or eight or more first digits of the SHA-256 of
                    // its public key
  std::string confirmed;  // what a person typed: confirmation_of() the key
  std::string reason;     // in the log for ever
};

// The digits by which a person confirms: the last eight of the SHA-256 of the public key in hexadecimal, or of the
// CKA_ID where the token cannot tell the public key.
std::string confirmation_of(const TokenPrivateKey& key);

// Binds a key that lies on the owner's token already: one that the ledger does not know to an owner without a key, or a
// copy of the owner's key, which from then on is the one that signs. Its attributes are read back, taking it out is
// tried, and it signs a fresh challenge; all that is evidence in the log (key.adopted). Without `key`: the copy of the
// owner's key, or the only unknown one. Errors: Usage for another owner's key, one that is not a copy, below
// default_bits, or without reason; NeedsPerson for a wrong confirmation; Token for a key that is extractable, not
// sensitive or otherwise unfit, which is logged.
Result<ActDone> adopt_key(const Work& work, const KeyChoice& choice);

// Destroys a private key and its public half; the intent is durable before the token is asked. Errors: Usage for a key
// that the ledger binds to an issuer that is not retired, or to the log; NeedsPerson for a wrong confirmation; Token.
Result<ActDone> destroy_key(const Work& work, const KeyChoice& choice);

// Says in the log that an unknown key on a token belongs to somebody else and is left alone. Errors: Usage for a key
// that is not unknown or without reason, NeedsPerson for a wrong confirmation.
Result<ActDone> leave_foreign(const Work& work, const KeyChoice& choice);

// The issuer's own request: its name, its key, signed by its key; DER. State "requested" from then on (unless active).
Result<Bytes> request_certificate(const Work& work, std::string_view issuer);

// Plans, signs and installs the issuer's own self-signed certificate, with its `profile`, valid `days`.
Result<ActDone> self_sign(const Work& work, std::string_view issuer, std::string_view profile, int days);

// Plans and signs a certificate for the request of `subject`, another issuer of this appliance.
Result<ActDone> issue_for(const Work& work, std::string_view issuer, std::string_view subject, std::string_view profile,
                          int days);

// Makes `chain` (own certificate first, root last) the issuer's, after checking key, subject, extensions, chain and
// dates. `confirmed` is what a person typed: the last eight hex digits of the root's SHA-256 fingerprint; a chain whose
// root was made on this appliance needs none. Errors: Usage, NeedsPerson.
Result<ActDone> install_chain(const Work& work, std::string_view issuer, const std::vector<Certificate>& chain,
                              std::string_view confirmed);

// The chain that this appliance itself can build for `issuer` from what it issued. Error Failed when it cannot.
Result<std::vector<Certificate>> chain_issued_here(const Work& work, std::string_view issuer);

}  // namespace sealroom
