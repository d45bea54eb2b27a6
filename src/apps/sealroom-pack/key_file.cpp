#include "key_file.hpp"

#include <fmt/format.h>

#include "input_files.hpp"
#include "process_guard.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom::pack {

Result<LeafKey> open_key_file(const std::string& path, const PasswordSource& source) {
  auto octets = read_key_file(path);
  if (!octets) return pass_on(octets);
  Secret password;
  if (is_encrypted_key(octets->view())) {
    auto read = read_password(source, fmt::format("password of {}", printable(path)));
    if (!read) return pass_on(read);
    password = std::move(*read);
  }
  auto key = read_leaf_key(*octets, password);
  wipe_stack();
  if (!key) return pass_on(key, printable(path));
  return key;
}

}  // namespace sealroom::pack
