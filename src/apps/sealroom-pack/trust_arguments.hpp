#pragma once

#include "key_arguments.hpp"

namespace sealroom::pack {

// --entry and --pin-leaf, of every command that trusts certificates.
void add_trust_options(options::options_description& known, Presence presence = Presence::Required);

// The value of --entry. Errors (Usage): not ALIAS=CERT, an alias that store_alias refuses or that stands twice.
Result<std::vector<TrustFile>> parse_entries(const options::variables_map& given);

TrustKind trust_kind(const options::variables_map& given);

}  // namespace sealroom::pack
