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
Result<Done> unlock(const Work& work, std::string_view owner, const Secret& pin, FinalTry final_try);

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
