#pragma once

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom {

// Reads `permitted_names` of an issuer. Errors: Usage, with file and line: a list that is empty, a domain that is none,
// a range of addresses that has bits set behind its prefix.
Result<PermittedNames> read_permitted_names(const YamlValue& value);

}  // namespace sealroom
