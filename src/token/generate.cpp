#include <algorithm>

#include <fmt/format.h>

#include "answers.hpp"
#include "extraction.hpp"
#include "key_attributes.hpp"
#include "key_template.hpp"
#include "sealroom/base/text.hpp"
#include "token_key.hpp"
#include "token_state.hpp"

namespace sealroom {
namespace {

constexpr std::size_t kIdSize = 20;

struct Pair {
  CK_OBJECT_HANDLE public_half = 0;
  CK_OBJECT_HANDLE private_half = 0;
  std::vector<std::string> not_enforced{};
};

// 20 octets of the token's generator that no key on the token has as its CKA_ID.
Result<Bytes> fresh_id(const ObjectReader& objects) {
  Bytes id(kIdSize);
  const CK_RV answer = objects.functions()->C_GenerateRandom(objects.session(), id.data(), id.size());
  if (answer != CKR_OK) return token_failure(objects.name(), "C_GenerateRandom", answer);
  auto privates = objects.find(CKO_PRIVATE_KEY, id);
  auto publics = objects.find(CKO_PUBLIC_KEY, id);
  if (!privates) return pass_on(privates);
  if (!publics) return pass_on(publics);
  if (privates->empty() && publics->empty()) return id;
  return fail(ErrorKind::Token, fmt::format("{}: its random generator repeats itself", objects.name()),
              "do not use this token");
}

Result<Done> check_label(const ObjectReader& objects, const std::string& label) {
  if (label.empty() || label != printable(label)) {
    return fail(ErrorKind::Usage, fmt::format("key label '{}' is empty or not plain ASCII", printable(label)));
  }
  auto keys = list_usable_private_keys(objects);
  if (!keys) return pass_on(keys);
  if (std::ranges::find(*keys, label, &PrivateKeyObject::label) == keys->end()) return Done{};
  return fail(ErrorKind::Token, fmt::format("{}: has a private key '{}' already", objects.name(), label),
              "choose another label, or destroy the old key with the vendor's tool");
}

// What these answers have in common: nothing was made, and another template may please the token.
bool is_about_template(CK_RV answer) {
  return answer == CKR_ATTRIBUTE_TYPE_INVALID || answer == CKR_ATTRIBUTE_VALUE_INVALID ||
         answer == CKR_ATTRIBUTE_READ_ONLY || answer == CKR_TEMPLATE_INCONSISTENT;
}

CK_RV generate_pair(const ObjectReader& objects, const PairTemplate& wanted, Pair& pair) {
  CK_MECHANISM mechanism{wanted.mechanism, nullptr, 0};
  auto public_half = view_of(wanted.public_half);
  auto private_half = view_of(wanted.private_half);
  return objects.functions()->C_GenerateKeyPair(objects.session(), &mechanism, public_half.data(), public_half.size(),
                                                private_half.data(), private_half.size(), &pair.public_half,
                                                &pair.private_half);
}

Result<Pair> generate_strictest(const ObjectReader& objects, const PairTemplate& wanted) {
  CK_RV answer = CKR_OK;
  for (const auto& left_out : wanted.ways_to_weaken()) {
    Pair pair;
    answer = generate_pair(objects, wanted.without(left_out), pair);
    if (answer == CKR_OK) {
      pair.not_enforced = left_out;
      return pair;
    }
    if (!is_about_template(answer)) break;
  }
  return token_failure(objects.name(), "C_GenerateKeyPair", answer);
}

// Destroys every key object with this CKA_ID: also what a failed generation may have left. Says what became of it.
std::string destroy_pair(const ObjectReader& objects, const Bytes& id) {
  bool all = true;
  for (const auto of_class : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    auto found = objects.find(of_class, id);
    all = all && found.has_value();
    if (!found) continue;
    for (const auto object : *found) {
      all = all && objects.functions()->C_DestroyObject(objects.session(), object) == CKR_OK;
    }
  }
  if (all) return "nothing of the new pair is left on the token";
  return fmt::format("the new pair may have been left on the token, with id {}", to_hex(id));
}

struct Proof {
  PublicKey public_key;
  Json evidence;
};

std::unexpected<Error> unfit(const ObjectReader& objects, const std::string& why) {
  return fail(ErrorKind::Token, fmt::format("{}: the new key is not as it must be: {}", objects.name(), why),
              "do not use this token for CA keys");
}

bool is_as_specified(const PublicKey& key, const KeySpec& spec) {
  return key.type() == spec.type && (spec.type != KeyType::Rsa || key.bits() == spec.bits);
}

// Everything that has to be known of a new pair before it is used.
Result<Proof> prove(const std::shared_ptr<Login>& login, const KeySpec& spec, const PrivateKeyObject& key,
                    const Pair& pair) {
  const auto objects = login->objects();
  auto attributes = read_key_attributes(objects, key.handle);
  if (!attributes) return pass_on(attributes);
  const auto complaint = attributes->complaint_for(KeyHistory::Proven);
  if (!complaint.empty()) return unfit(objects, complaint);
  auto public_key = objects.public_key(pair.public_half);
  if (!public_key) return pass_on(public_key);
  if (!*public_key || !is_as_specified(**public_key, spec)) {
    return unfit(objects, "its public half is not " + spec.text());
  }
  const bool forbidden = std::ranges::find(pair.not_enforced, "CKA_COPYABLE") == pair.not_enforced.end();
  auto attempts = try_to_extract(objects, key, forbidden ? Copyable::Forbidden : Copyable::NotKept);
  if (!attempts.complaint.empty()) return unfit(objects, "succeeded to " + attempts.complaint);
  if (auto tried = take_into_use(login, key, **public_key); !tried) return pass_on(tried);
  return Proof{**public_key, {{"key", spec.text()},
                              {"label", key.label},
                              {"id", to_hex(key.id)},
                              {"attributes", std::move(attributes->evidence)},
                              {"not_enforced", pair.not_enforced},
                              {"extraction", std::move(attempts.evidence)},
                              {"trial_signature", "verified"}}};
}

}  // namespace

Result<GeneratedKey> Token::generate(const KeySpec& spec, const std::string& label) {
  auto& login = state_->login;
  const std::unique_lock alone(login->gate());
  if (auto checked = login->check(); !checked) return pass_on(checked);
  const auto objects = login->objects();
  if (auto fit = check_label(objects, label); !fit) return pass_on(fit);
  auto id = fresh_id(objects);
  if (!id) return pass_on(id);
  const auto undone = [&](auto& failed) {
    failed.error().message += "; " + destroy_pair(objects, *id);
    return pass_on(failed);
  };
  auto pair = generate_strictest(objects, PairTemplate(spec, label, *id));
  if (!pair) return undone(pair);
  const PrivateKeyObject key{pair->private_half, spec.type == KeyType::Rsa ? CKK_RSA : CKK_EC, label, *id};
  auto proof = prove(login, spec, key, *pair);
  if (!proof) return undone(proof);
  return GeneratedKey{std::move(proof->public_key), std::move(*id), info(), std::move(proof->evidence)};
}

}  // namespace sealroom
