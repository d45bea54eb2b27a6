#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sealroom/base/bytes.hpp"

namespace sealroom {

// Why `name` is not a host name as a certificate may have it, as "has an underscore"; nothing when it is one.
//
// RFC 5280 section 4.2.1.6 with RFC 1123 section 2.1 and RFC 5890 section 2.3.1: letters, digits and hyphens in
// labels of 1 to 63 octets, 253 in all, A-labels for anything international, no dot at the end, no address. One label
// alone ("localhost") is allowed. `*` is no letter: wildcards are judged by wildcard_trouble.
std::optional<std::string> dns_name_trouble(std::string_view name);

// Why `name`, which has a `*` in it, is not a wildcard name: RFC 6125 section 6.4.3, the asterisk alone as the
// left-most label, with at least two labels behind it. Nothing when it is one.
std::optional<std::string> wildcard_trouble(std::string_view name);

// Whether a client may take `text` for a wildcard name, a sound one or not: it begins with "*.", or is a host name of
// several labels but for its asterisks.
bool is_like_wildcard(std::string_view text);

// The 4 or 16 octets of the IPv4 or IPv6 address that `text` is, as inet_pton() reads it; nothing when it is none.
std::optional<Bytes> address_octets(std::string_view text);

// Why `address` is not user@host as a certificate may have it (RFC 5280 section 4.2.1.6: Mailbox of RFC 5321 in
// ASCII, without quoted local parts and address literals).
std::optional<std::string> email_trouble(std::string_view address);

// Why `uri` is not an absolute URI with a scheme and, where it has an authority, a host (RFC 5280 section 4.2.1.6).
std::optional<std::string> uri_trouble(std::string_view uri);

// The host that `uri` names between "//" and the first of "/?#" (RFC 3986 section 3.2), without user name and port, an
// IPv6 address in its brackets; nothing when there is no "//" behind the scheme. Lives as long as the octets of `uri`.
std::optional<std::string_view> uri_host(std::string_view uri);

}  // namespace sealroom
