#pragma once

#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/policy/configuration.hpp"

namespace sealroom {

// Reads sealroom.yaml and issuers/*.cnf below the directory `home`, and loads them as Configuration::load does.
// A data file that sealroom.yaml names is read below `home`, too, and not through links.
// Errors (Usage): a file that is missing, unreadable or larger than 64 KiB (256 KiB together), and everything that
// load() refuses.
Result<Configuration> read_configuration(const std::string& home);

// The data files that this configuration names by digest, read again below the directory `home`. Errors: Usage, as above.
Result<std::vector<ConfigurationFile>> read_data_files(const Configuration& configuration, const std::string& home);

}  // namespace sealroom
