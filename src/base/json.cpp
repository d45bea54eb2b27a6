#include "sealroom/base/json.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sealroom/base/text.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kDeepest = 32;

// Builds the value from the parser's events. nlohmann's own builder with a callback looks through the parent at the end of
// every object, so a list of n objects costs n² there.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(std::size_t most) : most_(most) {}

  const std::string& trouble() const { return trouble_; }
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t, const string_t&) override { return refuse("a number is not an integer"); }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return refuse("is not JSON"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [member, is_new] = open_.back()->get_ref<Json::object_t&>().try_emplace(std::move(name));
    member_ = &member->second;
    return is_new || refuse("member \"" + printable(member->first) + "\" stands twice");
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    const bool syntax = dynamic_cast<const Json::parse_error*>(&error) != nullptr;
    return refuse(syntax ? fmt::format("is not JSON (near octet {})", position) : "a number is out of range");
  }

 private:
  bool refuse(std::string why) {
    trouble_ = std::move(why);
    return false;
  }

  Json* put(Json value) {
    if (++values_ > most_) {
      refuse(fmt::format("has more than {} values", most_));
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    auto& parent = *open_.back();
    if (!parent.is_array()) return &(*member_ = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  bool open(Json value) {
    if (open_.size() == kDeepest) return refuse("nesting is deeper than 32");
    auto* placed = put(std::move(value));
    if (placed != nullptr) open_.push_back(placed);
    return placed != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // a parent does not grow while a child of it is open
  Json* member_ = nullptr;   // whose value comes next
  std::string trouble_;
  std::size_t values_ = 0;
  const std::size_t most_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what, std::size_t most) {
  // nlohmann takes a NUL for the end of its input and whatever stands behind it for nothing.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(ErrorKind::Usage, fmt::format("{}: is not JSON (near octet {})", what, nul + 1));
  }
  Builder builder(most);
  if (Json::sax_parse(text, &builder)) return builder.take();
  return fail(ErrorKind::Usage, fmt::format("{}: {}", what, builder.trouble()));
}

}  // namespace sealroom
