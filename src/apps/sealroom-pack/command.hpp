#pragma once

#include <string>
#include <vector>

#include "sealroom/base/error.hpp"
#include "sealroom/x509/finding.hpp"

namespace sealroom::pack {

// A command's value is every reason for not doing what was asked (exit code 1); when there is none, it is done.
using Outcome = Result<Findings>;
using Arguments = std::vector<std::string>;

Outcome run_keystore(const Arguments& arguments);
Outcome run_truststore(const Arguments& arguments);
Outcome run_truststore_add(const Arguments& arguments);     // "truststore add"
Outcome run_truststore_remove(const Arguments& arguments);  // "truststore remove"
Outcome run_verify(const Arguments& arguments);
Outcome run_inspect(const Arguments& arguments);
Outcome run_hivemq_config(const Arguments& arguments);
Outcome run_umh_values(const Arguments& arguments);
Outcome run_base64(const Arguments& arguments);
Outcome run_bundle(const Arguments& arguments);

}  // namespace sealroom::pack
