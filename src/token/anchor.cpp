#include <algorithm>

#include <fmt/format.h>

#include "answers.hpp"
#include "sealroom/base/text.hpp"
#include "sealroom/log/canonical.hpp"
#include "token_state.hpp"

namespace sealroom {
namespace {

constexpr std::string_view kApplication = "sealroom";
constexpr std::string_view kLabel = "sealroom log anchor";
constexpr std::string_view kType = "sealroom-anchor/1";

CK_ATTRIBUTE text_attribute(CK_ATTRIBUTE_TYPE type, std::string_view text) {
  return {type, const_cast<char*>(text.data()), text.size()};
}

std::string written(const Anchor& anchor) {
  return log::canonical(
      {{"type", kType}, {"origin", anchor.origin}, {"size", anchor.size}, {"root", to_hex(anchor.root)}});
}

// Only exactly what written() makes is an anchor: a value that was cut short, or another program's, is none.
std::optional<Anchor> parsed(std::string_view text) {
  const auto document = log::parse_canonical(text);
  if (!document || !document->is_object()) return std::nullopt;
  const auto member = [&](const char* name) { return document->value(name, Json()); };
  if (!member("origin").is_string() || !member("size").is_number_unsigned() || !member("root").is_string()) {
    return std::nullopt;
  }
  const auto root = digest_from_hex(member("root").get<std::string>());
  if (!root) return std::nullopt;
  Anchor anchor{member("origin").get<std::string>(), member("size").get<std::uint64_t>(), *root};
  if (written(anchor) != text) return std::nullopt;
  return anchor;
}

// Every object that is an anchor or began to be one.
Result<std::vector<CK_OBJECT_HANDLE>> find_anchors(const ObjectReader& objects) {
  CK_OBJECT_CLASS data = CKO_DATA;
  return objects.find({{CKA_CLASS, &data, sizeof data},
                       text_attribute(CKA_APPLICATION, kApplication),
                       text_attribute(CKA_LABEL, kLabel)});
}

// The anchor that `object` holds; nothing when it holds none that is complete.
Result<std::optional<Anchor>> read_anchor(const ObjectReader& objects, CK_OBJECT_HANDLE object) {
  auto value = objects.read(object, CKA_VALUE);
  if (!value) return pass_on(value);
  return *value ? parsed(as_text(**value)) : std::nullopt;
}

std::string described(const Anchor& anchor) {
  return fmt::format("{} entries with root {}", anchor.size, to_hex(anchor.root).substr(0, 16));
}

// The larger of two anchors of one token.
Result<Anchor> larger(const ObjectReader& objects, Anchor a, Anchor b) {
  if (a.origin != b.origin) {
    return fail(
        ErrorKind::Integrity,
        fmt::format("{}: remembers two logs, '{}' and '{}'", objects.name(), printable(a.origin), printable(b.origin)),
        "two appliances have used this token; find out which one it belongs to");
  }
  if (a.size == b.size && a.root != b.root) {
    return fail(ErrorKind::Integrity,
                fmt::format("{}: remembers two histories of log '{}': {}, and {}", objects.name(), printable(a.origin),
                            described(a), described(b)),
                "two copies of one ledger have been in use with this token; find out which one is right");
  }
  return a.size < b.size ? std::move(b) : std::move(a);
}

Result<CK_OBJECT_HANDLE> create_anchor(const ObjectReader& objects, std::string_view value) {
  CK_OBJECT_CLASS data = CKO_DATA;
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &data, sizeof data},   {CKA_TOKEN, &yes, sizeof yes},
                               {CKA_PRIVATE, &yes, sizeof yes},   text_attribute(CKA_APPLICATION, kApplication),
                               text_attribute(CKA_LABEL, kLabel), text_attribute(CKA_VALUE, value)};
  CK_OBJECT_HANDLE made = 0;
  const CK_RV answer = objects.functions()->C_CreateObject(objects.session(), attributes, std::size(attributes), &made);
  if (answer == CKR_OK) return made;
  const bool full = answer == CKR_DEVICE_MEMORY;
  return fail(ErrorKind::Token,
              fmt::format("{}: the log's anchor cannot be written: {}", objects.name(), describe(answer)),
              full ? "make room on the token for two small data objects"
                   : "the token must take data objects: see that it is not write-protected, and unlock it again");
}

std::unexpected<Error> not_destroyed(const ObjectReader& objects, CK_RV answer, std::string_view besides) {
  return fail(ErrorKind::Token,
              fmt::format("{}: an older anchor of the log cannot be destroyed: {}{}", objects.name(), describe(answer),
                          besides),
              "see that the token lets its user destroy data objects");
}

}  // namespace

Result<std::optional<Anchor>> Token::anchor() const {
  auto& login = *state_->login;
  const std::unique_lock alone(login.gate());
  if (auto checked = login.check(); !checked) return pass_on(checked);
  const auto objects = login.objects();
  auto handles = find_anchors(objects);
  if (!handles) return pass_on(handles);
  std::optional<Anchor> largest;
  for (const auto handle : *handles) {
    auto anchor = read_anchor(objects, handle);
    if (!anchor) return pass_on(anchor);
    if (!*anchor) continue;
    if (!largest) {
      largest = std::move(*anchor);
      continue;
    }
    auto chosen = larger(objects, std::move(*largest), std::move(**anchor));
    if (!chosen) return pass_on(chosen);
    largest = std::move(*chosen);
  }
  return largest;
}

Result<Done> Token::put_anchor(const Anchor& anchor) const {
  auto& login = *state_->login;
  const std::unique_lock alone(login.gate());
  if (auto checked = login.check(); !checked) return pass_on(checked);
  const auto objects = login.objects();
  auto old = find_anchors(objects);
  if (!old) return pass_on(old);
  const auto destroy = [&](CK_OBJECT_HANDLE object) {
    return objects.functions()->C_DestroyObject(objects.session(), object);
  };
  std::vector<CK_OBJECT_HANDLE> before;
  for (const auto object : *old) {
    auto present = read_anchor(objects, object);
    if (!present) return pass_on(present);
    if (old->size() == 1 && *present == anchor) return Done{};
    // A history that people have given up goes first: beside the new one, after a crash, nobody could tell which holds.
    const bool given_up =
        *present && **present != anchor && ((*present)->origin != anchor.origin || (*present)->size >= anchor.size);
    if (!given_up) {
      before.push_back(object);
    } else if (const CK_RV answer = destroy(object); answer != CKR_OK) {
      return not_destroyed(objects, answer, "");
    }
  }
  auto made = create_anchor(objects, written(anchor));
  if (!made) return pass_on(made);
  const auto read_back = read_anchor(objects, *made);
  if (!read_back || *read_back != anchor) {
    destroy(*made);
    return fail(ErrorKind::Token,
                fmt::format("{}: the log's anchor was written and cannot be read back", objects.name()),
                "do not use this token any longer; its older anchor stands");
  }
  for (const auto object : before) {
    const CK_RV answer = destroy(object);
    if (answer != CKR_OK) return not_destroyed(objects, answer, "; the new one stands beside it");
  }
  return Done{};
}

}  // namespace sealroom
