#include <fmt/format.h>

#include "extraction.hpp"
#include "sealroom/base/text.hpp"
#include "token_key.hpp"
#include "token_state.hpp"

namespace sealroom {

Result<AdoptableKey> Token::examine_for_adoption(const TokenUri& uri, const PublicKey& expected) const {
  auto& login = state_->login;
  const std::unique_lock alone(login->gate());
  if (auto checked = login->check(); !checked) return pass_on(checked);
  const auto objects = login->objects();
  auto found = find_key(objects, uri, expected, KeyHistory::Adopted);
  if (!found) return pass_on(found);
  auto& [key, attributes] = *found;

  // A copy is no way out as long as it is as protected as the key; a key that says "not copyable" must keep its word.
  const bool forbidden = attributes.evidence.at("CKA_COPYABLE") == false;
  auto attempts = try_to_extract(objects, key, forbidden ? Copyable::Forbidden : Copyable::NotKept);
  if (!attempts.complaint.empty()) {
    return fail(ErrorKind::Token,
                fmt::format("{}: key '{}' must not be used: it was possible to {}", login->name(), printable(key.label),
                            attempts.complaint),
                "do not use this key; generate a new one in a ceremony");
  }
  if (auto tried = take_into_use(login, key, expected); !tried) return pass_on(tried);
  return AdoptableKey{expected,
                      key.id,
                      info(),
                      {{"key", expected.description()},
                       {"label", printable(key.label)},
                       {"id", to_hex(key.id)},
                       {"attributes", std::move(attributes.evidence)},
                       {"unproven", std::move(attributes.unproven)},
                       {"extraction", std::move(attempts.evidence)},
                       {"trial_signature", "verified"}}};
}

}  // namespace sealroom
