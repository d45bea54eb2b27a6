#include "slots.hpp"

#include <utility>

#include <fmt/format.h>

#include "answers.hpp"
#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

// A field of CK_TOKEN_INFO without the blanks that pad it (PKCS#11 v2.40 section 3.2).
template <std::size_t Size>
std::string_view field(const unsigned char (&octets)[Size]) {
  std::string_view text(reinterpret_cast<const char*>(octets), Size);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

TokenInfo info_of(const CK_TOKEN_INFO& raw) {
  return {.label = printable(field(raw.label)),
          .serial = printable(field(raw.serialNumber)),
          .model = printable(field(raw.model)),
          .manufacturer = printable(field(raw.manufacturerID)),
          .firmware = fmt::format("{}.{}", raw.firmwareVersion.major, raw.firmwareVersion.minor),
          .initialised = (raw.flags & CKF_TOKEN_INITIALIZED) != 0,
          .pin_count_low = (raw.flags & CKF_USER_PIN_COUNT_LOW) != 0,
          .pin_final_try = (raw.flags & CKF_USER_PIN_FINAL_TRY) != 0,
          .pin_locked = (raw.flags & CKF_USER_PIN_LOCKED) != 0};
}

bool matches(const TokenUri& uri, const CK_TOKEN_INFO& raw) {
  const auto same = [](const std::string& wanted, std::string_view found) { return wanted.empty() || wanted == found; };
  return same(uri.token(), field(raw.label)) && same(uri.serial(), field(raw.serialNumber)) &&
         same(uri.manufacturer(), field(raw.manufacturerID)) && same(uri.model(), field(raw.model));
}

std::string described(const TokenUri& uri) {
  std::string text = "token";
  if (!uri.token().empty()) text += fmt::format(" '{}'", printable(uri.token()));
  if (!uri.serial().empty()) text += fmt::format(" (serial {})", printable(uri.serial()));
  return text;
}

}  // namespace

std::string name_of(const TokenInfo& token) { return fmt::format("token '{}' (serial {})", token.label, token.serial); }

Result<std::vector<Slot>> list_slots(CK_FUNCTION_LIST* functions) {
  std::vector<CK_SLOT_ID> ids;
  CK_RV answer = CKR_BUFFER_TOO_SMALL;
  while (answer == CKR_BUFFER_TOO_SMALL) {  // a token may arrive between the two calls
    CK_ULONG count = 0;
    answer = functions->C_GetSlotList(CK_TRUE, nullptr, &count);
    if (answer != CKR_OK) break;
    ids.resize(count);
    answer = functions->C_GetSlotList(CK_TRUE, ids.data(), &count);
    if (answer == CKR_OK) ids.resize(count);
  }
  if (answer != CKR_OK) return token_failure("module", "C_GetSlotList", answer);
  std::vector<Slot> slots;
  for (const auto id : ids) {
    Slot slot{id, {}, {}};
    answer = functions->C_GetTokenInfo(id, &slot.raw);
    if (answer == CKR_TOKEN_NOT_PRESENT || answer == CKR_TOKEN_NOT_RECOGNIZED) continue;
    if (answer != CKR_OK) return token_failure(fmt::format("slot {}", id), "C_GetTokenInfo", answer);
    slot.info = info_of(slot.raw);
    slots.push_back(std::move(slot));
  }
  return slots;
}

Result<Slot> find_slot(CK_FUNCTION_LIST* functions, const TokenUri& uri) {
  auto slots = list_slots(functions);
  if (!slots) return pass_on(slots);
  std::erase_if(*slots, [&](const Slot& slot) { return !matches(uri, slot.raw); });
  const auto blank = std::erase_if(*slots, [](const Slot& slot) { return !slot.info.initialised; });
  if (slots->size() == 1) return std::move(slots->front());
  if (slots->empty() && blank > 0) {
    return fail(ErrorKind::Token, fmt::format("{}: is not initialised", described(uri)));
  }
  if (slots->empty()) {
    return fail(ErrorKind::Token, fmt::format("{}: is not present", described(uri)),
                "connect the token, and compare its label and serial with the configuration");
  }
  std::string serials;
  for (const auto& slot : *slots) serials += (serials.empty() ? "" : ", ") + slot.info.serial;
  return fail(ErrorKind::Token,
              fmt::format("{}: {} tokens match, with serials {}", described(uri), slots->size(), serials),
              "add serial=... to the key's URI");
}

Result<Session> Session::open(CK_FUNCTION_LIST* functions, const Slot& slot, SessionMode mode) {
  CK_SESSION_HANDLE handle = 0;
  const CK_RV answer = functions->C_OpenSession(slot.id, static_cast<CK_FLAGS>(mode), nullptr, nullptr, &handle);
  if (answer != CKR_OK) return token_failure(name_of(slot.info), "C_OpenSession", answer);
  return Session(functions, handle);
}

Session::Session(Session&& other) noexcept
    : functions_(std::exchange(other.functions_, nullptr)), handle_(other.handle_) {}

Session::~Session() {
  if (functions_ != nullptr) functions_->C_CloseSession(handle_);
}

}  // namespace sealroom
