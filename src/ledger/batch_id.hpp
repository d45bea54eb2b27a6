#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sealroom::ledger {

// The parts of "B-20261121-0001".
struct BatchId {
  std::string day;
  std::uint64_t number = 0;
};

// At least four digits; the ten thousandth batch of a day widens the number.
std::string text_of(const BatchId& id);

// Reads exactly what text_of writes; nothing for anything else.
std::optional<BatchId> batch_id_from(std::string_view text);

}  // namespace sealroom::ledger
