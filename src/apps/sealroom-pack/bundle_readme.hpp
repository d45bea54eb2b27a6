#pragma once

#include <string>

#include "bundle_description.hpp"

namespace sealroom::pack {

// What the README.md of each folder of a bundle says, in Markdown: what the files are, where they go, and how to try
// them. `suffix` is that of the stores.
std::string readme_of_bundle(const BundleDescription& description, bool umh_values);
std::string readme_of_broker(const BundleDescription& description, const std::string& suffix);
std::string readme_of_client(const BundleDescription& description, const BundleMember& client,
                             const std::string& suffix);

}  // namespace sealroom::pack
