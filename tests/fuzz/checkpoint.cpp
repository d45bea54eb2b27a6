// Checkpoints, alone and one behind another, under a key that signed none of them: nothing verifies, nothing is lost.
#include <cstdlib>
#include <string>

#include "sealroom/log/checkpoint.hpp"

using namespace sealroom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Any point of the curve will do: the generator of P-256 as a SubjectPublicKeyInfo (SEC 2, section 2.4.2).
  static const auto key =
      PublicKey::parse(*from_hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                                 "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string together;
  for (const auto note : log::split_notes(text)) {
    if (note.empty()) std::abort();
    (void)log::verify_note(note, *key).has_value();
    together += note;
  }
  if (together != text) std::abort();
  return 0;
}
