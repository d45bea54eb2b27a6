#include "sealroom/token/token_uri.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <p11-kit/uri.h>

#include "sealroom/base/text.hpp"
#include "sealroom/crypto/owned.hpp"

namespace sealroom {
namespace {

using OwnedUri = Owned<P11KitUri, p11_kit_uri_free>;

constexpr std::string_view kScheme = "pkcs11:";
constexpr std::string_view kKnown[] = {"token", "serial", "manufacturer", "model", "object", "id", "type"};

std::optional<std::string> complaint_about(std::string_view name) {
  if (name == "pin-value" || name == "pin-source") {
    return fmt::format("{}: a PIN has no place in a URI", name);
  }
  if (name.starts_with("slot-")) return fmt::format("{}: slots are renumbered at will, name the token", name);
  if (std::ranges::find(kKnown, name) == std::end(kKnown)) {
    return fmt::format("attribute '{}' is not known here", printable(name));
  }
  return std::nullopt;
}

// p11-kit drops blanks, takes the last of two attributes of one name, and keeps quiet about what it does not know.
std::optional<std::string> complaint_about_text(std::string_view text) {
  if (!text.starts_with(kScheme)) return "does not begin with 'pkcs11:'";
  const auto unfit = [](char octet) { return octet <= 0x20 || octet > 0x7e; };
  if (std::ranges::any_of(text, unfit)) return "holds a blank or another octet that must be written as %XX";
  text.remove_prefix(kScheme.size());
  if (text.find('?') != std::string_view::npos) {
    const auto query = split(text.substr(text.find('?') + 1), '&').front();
    if (auto complaint = complaint_about(query.substr(0, query.find('=')))) return complaint;
    return "has a query part ('?'), which is not used here";
  }
  std::set<std::string_view> seen;
  for (const auto attribute : split(text, ';')) {
    const auto equals = attribute.find('=');
    const auto name = attribute.substr(0, equals);
    if (auto complaint = complaint_about(name)) return complaint;
    if (equals == std::string_view::npos || equals + 1 == attribute.size()) {
      return fmt::format("attribute '{}' has no value", name);
    }
    if (!seen.insert(name).second) return fmt::format("attribute '{}' is given twice", name);
  }
  return std::nullopt;
}

template <std::size_t Size>
std::string field(const unsigned char (&octets)[Size]) {
  std::string text(reinterpret_cast<const char*>(octets), Size);
  if (text.front() == '\0') return {};  // p11-kit leaves a field that was not given all zero
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Bytes attribute(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* found = p11_kit_uri_get_attribute(uri, type);
  if (found == nullptr) return {};
  const auto* octets = static_cast<const std::uint8_t*>(found->pValue);
  return {octets, octets + found->ulValueLen};
}

bool names_another_class(P11KitUri* uri) {
  const CK_ATTRIBUTE* found = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  return found != nullptr && *static_cast<const CK_OBJECT_CLASS*>(found->pValue) != CKO_PRIVATE_KEY;
}

}  // namespace

Result<TokenUri> TokenUri::parse(std::string_view text, std::string_view where) {
  const bool secret = text.find("pin-") != std::string_view::npos;  // then the text is not repeated
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::Usage, fmt::format("{}: '{}': {}", where, secret ? "pkcs11:..." : printable(text), why),
                "write it as pkcs11:token=LABEL;object=KEY;type=private (RFC 7512)");
  };
  if (const auto complaint = complaint_about_text(text)) return refuse(*complaint);
  const OwnedUri uri(p11_kit_uri_new());
  const std::string terminated(text);
  const int answer = p11_kit_uri_parse(terminated.c_str(), P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri.get());
  if (answer != P11_KIT_URI_OK) return refuse(fmt::format("is not a PKCS#11 URI: {}", p11_kit_uri_message(answer)));
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0) return refuse("holds a value that PKCS#11 cannot have");

  const CK_TOKEN_INFO* token = p11_kit_uri_get_token_info(uri.get());
  const auto object = attribute(uri.get(), CKA_LABEL);
  TokenUri made;
  made.text_ = terminated;
  made.token_ = field(token->label);
  made.serial_ = field(token->serialNumber);
  made.manufacturer_ = field(token->manufacturerID);
  made.model_ = field(token->model);
  made.object_ = as_text(object);
  made.id_ = attribute(uri.get(), CKA_ID);
  if (made.token_.empty() && made.serial_.empty()) return refuse("names neither token nor serial");
  if (made.object_.empty() && made.id_.empty()) return refuse("names neither object nor id");
  if (names_another_class(uri.get())) return refuse("type is not 'private'");
  return made;
}

TokenUri TokenUri::with_id(const Bytes& id) const {
  auto uri = *this;
  uri.object_.clear();
  uri.id_ = id;
  return uri;
}

}  // namespace sealroom
