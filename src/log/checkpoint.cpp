#include "sealroom/log/checkpoint.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "decimal.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/crypto/crypto.hpp"

namespace sealroom::log {
namespace {

constexpr std::string_view kSignatureStart = "\u2014 ";  // em dash, blank

// Room for many witnesses with post-quantum signatures of 5 kB; C2SP signed-note asks for at least 16.
constexpr std::size_t kLargestNote = 256 * 1024;

std::unexpected<Error> refuse(std::string_view reason) {
  return fail(ErrorKind::Integrity, fmt::format("checkpoint: {}", reason));
}

// How many octets follow the first one of a UTF-8 sequence, and the least code point that needs so many.
struct Utf8Shape {
  std::size_t following;
  std::uint32_t least;
  std::uint32_t bits;
};

std::optional<Utf8Shape> utf8_shape(std::uint8_t first) {
  if (first < 0x80) return Utf8Shape{0, 0, first};
  if ((first & 0xe0) == 0xc0) return Utf8Shape{1, 0x80, first & 0x1fU};
  if ((first & 0xf0) == 0xe0) return Utf8Shape{2, 0x800, first & 0x0fU};
  if ((first & 0xf8) == 0xf0) return Utf8Shape{3, 0x10000, first & 0x07U};
  return std::nullopt;
}

// C2SP signed-note: valid UTF-8 (RFC 3629) without control characters below U+0020 other than line feed.
bool is_note_octets(ByteView octets) {
  for (std::size_t i = 0; i < octets.size();) {
    const auto shape = utf8_shape(octets[i]);
    if (!shape || octets.size() - i <= shape->following) return false;
    auto point = shape->bits;
    for (std::size_t j = 1; j <= shape->following; ++j) {
      if ((octets[i + j] & 0xc0) != 0x80) return false;
      point = (point << 6) | (octets[i + j] & 0x3fU);
    }
    if (point < shape->least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    if (point < 0x20 && point != '\n') return false;
    i += 1 + shape->following;
  }
  return true;
}

// Reads the signed text. Extension lines, which C2SP tlog-checkpoint allows and advises against, are refused: we never
// write them, and what is signed here must have no unread part.
Result<Checkpoint> read_text(std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.size() != 4 || !lines.back().empty()) return refuse("is not origin, size and root on a line each");
  if (!is_origin(lines[0])) return refuse("the origin is empty or has a character that a key name cannot have");
  const auto size = read_decimal(lines[1]);
  if (!size) return refuse("the size is not a decimal number");
  const auto root = from_base64(lines[2]);
  Checkpoint checkpoint{.origin = std::string(lines[0]), .size = *size, .root = {}};
  if (!root || root->size() != checkpoint.root.size()) return refuse("the root is not the base64 of 32 octets");
  std::copy(root->begin(), root->end(), checkpoint.root.begin());
  return checkpoint;
}

// A note's two halves: the text with its last line feed, and the signature lines.
struct NoteParts {
  std::string_view text;
  std::string_view signatures;
};

Result<NoteParts> parts_of(std::string_view note) {
  if (note.size() > kLargestNote) return refuse(fmt::format("is larger than {} octets", kLargestNote));
  if (!is_note_octets(as_bytes(note))) return refuse("is not UTF-8 or has a control character");
  // The last empty line ends the text; the text keeps its own line feed.
  const auto end = note.rfind("\n\n");
  if (end == std::string_view::npos) return refuse("has no empty line before its signatures");
  return NoteParts{note.substr(0, end + 1), note.substr(end + 2)};
}

struct SignatureLine {
  std::string_view name;
  Bytes id_and_signature;  // more than 4 octets
};

std::optional<SignatureLine> read_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return std::nullopt;
  const auto parts = split(line.substr(kSignatureStart.size()), ' ');
  if (parts.size() != 2 || parts[0].empty() || parts[0].find('+') != std::string_view::npos) return std::nullopt;
  auto octets = from_base64(parts[1]);
  if (!octets || octets->size() < 5) return std::nullopt;
  return SignatureLine{parts[0], std::move(*octets)};
}

// The signature by `key` under `name`. Lines of other keys are passed over even when they share the name or the id
// (C2SP signed-note, "Signatures"): so witnesses and a key's successor can sign beside it.
Result<Bytes> signature_by(const PublicKey& key, std::string_view name, std::string_view lines) {
  const auto id = key_id(key);
  Bytes signature;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = read_signature_line(lines.substr(0, end));
    if (end == std::string_view::npos || !line) return refuse("a signature line is malformed");
    lines.remove_prefix(end + 1);
    const ByteView octets(line->id_and_signature);
    if (line->name != name || !equal(octets.first(id.size()), id)) continue;
    if (!signature.empty()) return refuse("the log's key signed it twice");
    signature = copy(octets.subspan(id.size()));
  }
  if (signature.empty()) return refuse("has no signature by the log's key");
  return signature;
}

}  // namespace

bool is_origin(std::string_view origin) {
  return !origin.empty() && std::ranges::all_of(origin, [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

std::string note_text(const Checkpoint& checkpoint) {
  if (!is_origin(checkpoint.origin)) std::abort();
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, to_base64(checkpoint.root));
}

std::array<std::uint8_t, 4> key_id(const PublicKey& key) {
  const auto& digest = key.digest();
  return {digest[0], digest[1], digest[2], digest[3]};
}

std::string signed_note(const Checkpoint& checkpoint, const PublicKey& key, ByteView signature) {
  const auto id = key_id(key);
  Bytes octets(id.begin(), id.end());
  octets.insert(octets.end(), signature.begin(), signature.end());
  return fmt::format("{}\n{}{} {}\n", note_text(checkpoint), kSignatureStart, checkpoint.origin, to_base64(octets));
}

Result<Checkpoint> read_note(std::string_view note) {
  auto parts = parts_of(note);
  if (!parts) return pass_on(parts);
  return read_text(parts->text);
}

Result<Checkpoint> verify_note(std::string_view note, const PublicKey& key) {
  if (key.type() != KeyType::EcP256) return refuse(fmt::format("the log's key is {}, not EC P-256", key.description()));
  auto parts = parts_of(note);
  if (!parts) return pass_on(parts);
  auto checkpoint = read_text(parts->text);
  if (!checkpoint) return checkpoint;
  auto signature = signature_by(key, checkpoint->origin, parts->signatures);
  if (!signature) return pass_on(signature);
  if (!key.verifies(as_bytes(parts->text), *signature, HashAlgorithm::Sha256)) {
    return refuse("the signature by the log's key is not valid");
  }
  return checkpoint;
}

std::vector<std::string_view> split_notes(std::string_view text) {
  std::vector<std::string_view> notes;
  while (!text.empty()) {
    auto end = text.find("\n\n");
    end = end == std::string_view::npos ? text.size() : end + 2;
    while (text.substr(end).starts_with(kSignatureStart)) {
      const auto line_end = text.find('\n', end);
      end = line_end == std::string_view::npos ? text.size() : line_end + 1;
    }
    notes.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return notes;
}

}  // namespace sealroom::log
