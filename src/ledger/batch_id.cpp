#include "batch_id.hpp"

#include <fmt/format.h>

namespace sealroom::ledger {
namespace {

bool is_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

std::string text_of(const BatchId& id) { return fmt::format("B-{}-{:04}", id.day, id.number); }

std::optional<BatchId> batch_id_from(std::string_view text) {
  constexpr std::size_t kDayStart = 2;
  constexpr std::size_t kNumberStart = 11;
  if (text.size() < kNumberStart + 4 || text.size() > kNumberStart + 12) return std::nullopt;
  BatchId id{.day = std::string(text.substr(kDayStart, 8))};
  const auto digits = text.substr(kNumberStart);
  if (!is_digits(id.day) || !is_digits(digits)) return std::nullopt;
  for (const char digit : digits) id.number = id.number * 10 + static_cast<std::uint64_t>(digit - '0');
  if (id.number == 0 || text_of(id) != text) return std::nullopt;
  return id;
}

}  // namespace sealroom::ledger
