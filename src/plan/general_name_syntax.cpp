#include "general_name_syntax.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "characters.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;

bool is_ldh(char c) { return is_letter(c) || is_digit(c) || c == '-'; }

// What somebody put there instead of a host name, said in the words they would use.
std::optional<std::string> mistaken_for_a_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.find("://") != std::string_view::npos) return "is a URL";
  if (name.find('@') != std::string_view::npos) return "is an e-mail address";
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(name).c_str(), &address) == 1 && name.find('\0') == std::string_view::npos) {
    return "is an IP address, which belongs into an IP entry";
  }
  const auto colon = name.find(':');
  if (colon != std::string_view::npos) return "has a colon (a port does not belong into a name)";
  if (name.find('_') != std::string_view::npos) return "has an underscore";
  if (name.size() > kLongestName)
    return fmt::format("has {} octets; at most {} are allowed", name.size(), kLongestName);
  if (name.ends_with('.')) return "ends with a dot";
  return std::nullopt;
}

std::optional<std::string> label_trouble(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > kLongestLabel) return "has a label of more than 63 octets";
  if (!std::ranges::all_of(label, is_ldh)) return "has a character that is no letter, digit or hyphen";
  if (label.starts_with('-') || label.ends_with('-')) return "has a label that begins or ends with a hyphen";
  const bool reserved = label.size() >= 4 && label.substr(2, 2) == "--";
  if (reserved && !(ascii_lower(label.substr(0, 2)) == "xn" && label.size() > 4)) {
    return "has a label with hyphens in third and fourth place that is no A-label (xn--...)";
  }
  return std::nullopt;
}

std::optional<std::string> host_trouble(std::string_view host) {
  in_addr four;
  if (inet_pton(AF_INET, std::string(host).c_str(), &four) == 1) return std::nullopt;
  return dns_name_trouble(host);
}

// What stands behind "//" in `uri` up to its path, query or fragment.
std::optional<std::string_view> authority_of(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || !uri.substr(colon + 1).starts_with("//")) return std::nullopt;
  const auto rest = uri.substr(colon + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

}  // namespace

std::optional<std::string> dns_name_trouble(std::string_view name) {
  if (auto trouble = mistaken_for_a_name(name)) return trouble;
  const auto labels = split(name, '.');
  for (const auto label : labels) {
    if (auto trouble = label_trouble(label)) return trouble;
  }
  // RFC 3696 section 2: a top-level name is never all digits, so 127.0.0.1 cannot be mistaken for one.
  if (std::ranges::all_of(labels.back(), is_digit)) {
    return "ends with a label of digits only, as an IP address does, which belongs into an IP entry";
  }
  return std::nullopt;
}

std::optional<std::string> wildcard_trouble(std::string_view name) {
  if (!name.starts_with("*.") || name.find('*', 1) != std::string_view::npos) {
    return "has a * that is not the whole left-most label";
  }
  const auto base = name.substr(2);
  if (auto trouble = dns_name_trouble(base)) return trouble;
  if (base.find('.') == std::string_view::npos) return "would cover everything below one top-level label";
  return std::nullopt;
}

bool is_like_wildcard(std::string_view text) {
  if (text.starts_with("*.")) return true;
  if (text.find('*') == std::string_view::npos || text.find('.') == std::string_view::npos) return false;
  std::string one(text);
  std::ranges::replace(one, '*', 'x');
  return !dns_name_trouble(one);
}

std::optional<Bytes> address_octets(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Bytes octets(16);
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return octets;
  octets.resize(4);
  if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) return octets;
  return std::nullopt;
}

std::optional<std::string> email_trouble(std::string_view address) {
  constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~.";
  const auto at = address.find('@');
  if (at == std::string_view::npos || address.find('@', at + 1) != std::string_view::npos) return "needs exactly one @";
  const auto local = address.substr(0, at);
  const auto allowed = [&](char c) {
    return is_letter(c) || is_digit(c) || kSpecial.find(c) != std::string_view::npos;
  };
  if (local.empty() || local.size() > 64) return "needs 1 to 64 characters before the @";
  if (!std::ranges::all_of(local, allowed) || local.starts_with('.') || local.ends_with('.') ||
      local.find("..") != std::string_view::npos) {
    return "has something before the @ that is no plain mailbox name";
  }
  const auto trouble = dns_name_trouble(address.substr(at + 1));
  if (trouble) return "has a host that " + *trouble;
  return std::nullopt;
}

std::optional<std::string> uri_trouble(std::string_view uri) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  const auto allowed = [&](char c) { return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos; };
  if (!std::ranges::all_of(uri, allowed)) return "has a character that a URI cannot hold";
  const auto colon = uri.find(':');
  const auto in_scheme = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == uri.size() || !is_letter(uri.front()) ||
      !std::ranges::all_of(uri.substr(0, colon), in_scheme)) {
    return "is not absolute (a scheme, a colon and something behind it)";
  }
  const auto authority = authority_of(uri);
  if (!authority) return std::nullopt;
  if (authority->find('@') != std::string_view::npos) return "has a user name in it";
  const auto host = *uri_host(uri);
  if (host.starts_with('[')) {
    in6_addr six;
    const bool good =
        host.ends_with(']') && inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &six) == 1;
    if (!good) return "has a host that is no IPv6 address";
    return std::nullopt;
  }
  const auto trouble = host_trouble(host);
  if (trouble) return "has a host that " + *trouble;
  return std::nullopt;
}

std::optional<std::string_view> uri_host(std::string_view uri) {
  const auto authority = authority_of(uri);
  if (!authority) return std::nullopt;
  const auto host = authority->substr(authority->rfind('@') + 1);  // npos + 1 is 0
  if (!host.starts_with('[')) return host.substr(0, host.find(':'));
  const auto bracket = host.find(']');
  return bracket == std::string_view::npos ? host : host.substr(0, bracket + 1);
}

}  // namespace sealroom
