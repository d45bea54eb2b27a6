#pragma once

#include <string>

#include "password_source.hpp"
#include "sealroom/keystore/leaf_key.hpp"

namespace sealroom::pack {

// The private key in file `path`, in any form that read_leaf_key takes; `password` is asked only for an encrypted one.
Result<LeafKey> open_key_file(const std::string& path, const PasswordSource& password);

}  // namespace sealroom::pack
