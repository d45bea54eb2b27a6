#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"
#include "sealroom/crypto/public_key.hpp"

// Checkpoints: C2SP tlog-checkpoint in a C2SP signed note.
namespace sealroom::log {

struct Checkpoint {
  std::string origin;  // the log's name; also the key name in the signature line
  std::uint64_t size = 0;
  Digest root{};
};

// Whether `origin` can be a key name: not empty, printable ASCII without blank or '+'.
bool is_origin(std::string_view origin);

// "origin\nsize\nbase64 root\n": the text that is signed.
std::string note_text(const Checkpoint& checkpoint);

// The key id that C2SP signed-note gives to ECDSA keys (signature type 0x02): the first 4 octets of SHA-256 over the
// SubjectPublicKeyInfo. Unlike the ids of other types it covers neither name nor type.
std::array<std::uint8_t, 4> key_id(const PublicKey& key);

// The signed note: text, a blank line, and "— name base64(key id || signature)" (em dash U+2014).
// `signature` is the DER ECDSA signature over SHA-256 of note_text (signature type 2).
std::string signed_note(const Checkpoint& checkpoint, const PublicKey& key, ByteView signature);

// What a signed note says, read as strictly as verify_note() does; who signed it is not looked at. Errors: Integrity.
Result<Checkpoint> read_note(std::string_view note);

// Reads a signed note strictly (origin, size and root, no extension lines) and verifies it under `key`, an EC P-256 key
// whose name must be the note's origin and which must have signed exactly once. Signatures by other keys are passed
// over. Errors: Integrity.
Result<Checkpoint> verify_note(std::string_view note, const PublicKey& key);

// The signed notes that stand one behind another in `text`: a note ends where a line follows its signature lines that is
// not one itself. Views into `text`, neither read nor verified; together they are all of it.
std::vector<std::string_view> split_notes(std::string_view text);

}  // namespace sealroom::log
