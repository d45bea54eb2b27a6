#pragma once

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"
#include "sealroom/policy/strict_yaml.hpp"

namespace sealroom {

// The settings under `keys` of sealroom.yaml. A list of weak keys is read through `read` and must have the digest that
// stands beside its name. Errors: Usage, with file and line.
Result<KeySettings> read_keys(const YamlValue& keys, const DataFileReader& read);

// Whether `path` stays below the home: plain parts, none of them "." or "..".
bool is_path_in_home(std::string_view path);

}  // namespace sealroom
