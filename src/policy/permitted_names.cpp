#include "permitted_names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "decimal.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// Labels of letters, digits and hyphens; what a host or the end of one consists of.
bool is_domain(std::string_view text) {
  return text.size() <= 253 && std::ranges::all_of(split(text, '.'), [](std::string_view label) {
           constexpr std::string_view kLdh = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
           return !label.empty() && label.size() <= 63 && label.find_first_not_of(kLdh) == std::string_view::npos &&
                  !label.starts_with('-') && !label.ends_with('-');
         });
}

// "example.com" is that host, ".example.com" the hosts below it (RFC 5280 section 4.2.1.10, email and URI).
bool is_host_or_below(std::string_view text) { return is_domain(text.starts_with('.') ? text.substr(1) : text); }

// "10.0.0.0/8" as address and mask, the form of an iPAddress constraint; nothing when it is none.
std::optional<Bytes> range_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = text.substr(0, slash);
  std::array<std::uint8_t, 16> octets{};
  const bool four = inet_pton(AF_INET, address.c_str(), octets.data()) == 1;
  if (!four && inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return std::nullopt;
  const std::size_t size = four ? 4 : 16;
  const auto prefix = decimal(std::string_view(text).substr(slash + 1), 0, static_cast<std::int64_t>(8 * size));
  if (!prefix) return std::nullopt;
  Bytes range(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t i = 0; i < size; ++i) {
    const auto bits = std::clamp<std::int64_t>(*prefix - static_cast<std::int64_t>(8 * i), 0, 8);
    const auto mask = static_cast<std::uint8_t>(0xff00u >> bits);
    if ((octets[i] & ~mask & 0xff) != 0) return std::nullopt;
    range.push_back(mask);
  }
  return range;
}

// Every text of the list under `key`, given to `take`, which says whether it is one.
template <class Take>
Result<Done> read_list(const YamlValue& value, std::string_view key, std::string_view form, Take take) {
  const YamlValue* list = value.find(key);
  if (list == nullptr) return Done{};
  if (auto shape = list->sequence(key); !shape) return shape;
  if (list->items().empty()) {
    return list->wrong(fmt::format("{} under permitted_names is empty", key),
                       "leave it out, or take the kind out of `names` of the profiles");
  }
  for (const YamlValue& item : list->items()) {
    auto text = item.text(key);
    if (!text) return pass_on(text);
    if (!take(*text)) return item.wrong(fmt::format("\"{}\" under {} is not {}", printable(*text), key, form));
  }
  return Done{};
}

// Takes texts of one kind into `to`.
auto into(std::vector<std::string>& to, bool (*fits)(std::string_view)) {
  return [&to, fits](const std::string& text) {
    to.push_back(text);
    return fits(text);
  };
}

bool is_mailbox_or_host(std::string_view text) {
  const auto at = text.find('@');
  return at == std::string_view::npos ? is_host_or_below(text) : at > 0 && is_domain(text.substr(at + 1));
}

}  // namespace

Result<PermittedNames> read_permitted_names(const YamlValue& value) {
  if (auto keys = value.mapping_of("permitted_names", {"dns", "ip", "email", "uri"}); !keys) return pass_on(keys);
  PermittedNames permitted;
  auto done = read_list(value, "dns", "a domain such as example.com", into(permitted.dns, is_domain));
  if (!done) return pass_on(done);
  done = read_list(value, "ip", "a range such as 10.0.0.0/8 or \"fd00::/8\", with nothing set behind the prefix",
                   [&](const std::string& text) {
                     auto range = range_of(text);
                     if (range) permitted.ip.push_back(*std::move(range));
                     return range.has_value();
                   });
  if (!done) return pass_on(done);
  done = read_list(value, "email", "a mailbox, a host, or .example.com for the hosts below one",
                   into(permitted.email, is_mailbox_or_host));
  if (!done) return pass_on(done);
  done =
      read_list(value, "uri", "a host, or .example.com for the hosts below one", into(permitted.uri, is_host_or_below));
  if (!done) return pass_on(done);
  return permitted;
}

}  // namespace sealroom
