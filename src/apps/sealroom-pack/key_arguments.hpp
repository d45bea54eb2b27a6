#pragma once

#include "arguments.hpp"

namespace sealroom::pack {

enum class Presence { Required, Optional };

// --cert, --chain, --key, --alias, --role, --key-password-from and --entry-password-from, of every command about a
// keystore. `presence` is that of the three without which there is no key entry.
void add_key_options(options::options_description& known, Presence presence);

// What they say; the store itself stays open. Errors (Usage): a role or a source of passwords that is none.
Result<KeystoreRequest> key_request(const options::variables_map& given);

}  // namespace sealroom::pack
