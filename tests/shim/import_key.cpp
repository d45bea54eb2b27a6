// import-key TOKEN KEY.pem LABEL ID [extractable|readable|half]: puts an EC P-256 key on a SoftHSM token by
// C_CreateObject, as a restored backup is there: without a history. The PIN is on standard input. For session tests.
#include <iostream>
#include <string>
#include <vector>

#include <openssl/pem.h>

#include "sealroom/crypto/owned.hpp"
#include "support/raw_token.hpp"

using namespace sealroom;
using namespace sealroom::testing;

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) return 2;
  const std::string how = words.size() > 4 ? words[4] : "";
  std::string pin;
  std::getline(std::cin, pin);
  const OwnedBio file(BIO_new_file(words[1].c_str(), "r"));
  const OwnedPkey key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return 2;
  try {
    const auto id = from_hex(words[3]).value();
    import_raw_key(RawToken(words[0], SoftHsm::module(), pin), key.get(),
                   {.label = words[2], .id = id, .sensitive = how != "readable", .extractable = how == "extractable"},
                   how == "half" ? Halves::PrivateOnly : Halves::Both);
  } catch (const std::exception& error) {
    std::cerr << "import-key: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
