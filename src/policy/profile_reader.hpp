#pragma once

#include <string>

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom {

// Reads the profile that `value` describes under `name`, and judges it by the certificates that its section of
// `config` makes. Errors: Usage, with file and line.
Result<Profile> read_profile(const std::string& name, const YamlValue& value, const IssuerConfig& config);

}  // namespace sealroom
