#include "key_template.hpp"

#include <algorithm>
#include <cstdlib>

namespace sealroom {
namespace {

template <class T>
Bytes octets_of(const T& value) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&value);
  return {octets, octets + sizeof value};
}

const Bytes kYes = octets_of<CK_BBOOL>(CK_TRUE);
const Bytes kNo = octets_of<CK_BBOOL>(CK_FALSE);

// OBJECT IDENTIFIERs of the named curves (RFC 5480 section 2.1.1.1), DER.
Bytes curve_of(KeyType type) {
  if (type == KeyType::EcP256) return {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  if (type == KeyType::EcP384) return {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
  std::abort();
}

bool is_named(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

#define SEALROOM_ATTRIBUTE(name) name, #name

PairTemplate::PairTemplate(const KeySpec& spec, const std::string& label, const Bytes& id)
    : mechanism(spec.type == KeyType::Rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN) {
  public_half = {{SEALROOM_ATTRIBUTE(CKA_TOKEN), kYes, Need::Required},
                 {SEALROOM_ATTRIBUTE(CKA_VERIFY), kYes, Need::Required},
                 {SEALROOM_ATTRIBUTE(CKA_ID), id, Need::Required},
                 {SEALROOM_ATTRIBUTE(CKA_LABEL), copy(as_bytes(label)), Need::Required},
                 {SEALROOM_ATTRIBUTE(CKA_PRIVATE), kNo, Need::Optional},
                 {SEALROOM_ATTRIBUTE(CKA_MODIFIABLE), kNo, Need::Optional},
                 {SEALROOM_ATTRIBUTE(CKA_ENCRYPT), kNo, Need::Optional},
                 {SEALROOM_ATTRIBUTE(CKA_WRAP), kNo, Need::Optional}};
  if (spec.type == KeyType::Rsa) {
    public_half.push_back({SEALROOM_ATTRIBUTE(CKA_MODULUS_BITS), octets_of<CK_ULONG>(spec.bits), Need::Required});
    public_half.push_back({SEALROOM_ATTRIBUTE(CKA_PUBLIC_EXPONENT), {0x01, 0x00, 0x01}, Need::Required});
  } else {
    public_half.push_back({SEALROOM_ATTRIBUTE(CKA_EC_PARAMS), curve_of(spec.type), Need::Required});
  }
  // libp11 makes DigestInfo and hash itself, so these two mechanisms are all it ever asks for.
  const CK_MECHANISM_TYPE signing = spec.type == KeyType::Rsa ? CKM_RSA_PKCS : CKM_ECDSA;
  private_half = {{SEALROOM_ATTRIBUTE(CKA_TOKEN), kYes, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_PRIVATE), kYes, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_SENSITIVE), kYes, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_EXTRACTABLE), kNo, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_SIGN), kYes, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_ID), id, Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_LABEL), copy(as_bytes(label)), Need::Required},
                  {SEALROOM_ATTRIBUTE(CKA_COPYABLE), kNo, Need::Optional},  // new in v2.30
                  {SEALROOM_ATTRIBUTE(CKA_ALLOWED_MECHANISMS), octets_of(signing), Need::Optional},
                  {SEALROOM_ATTRIBUTE(CKA_SIGN_RECOVER), kNo, Need::Optional},
                  {SEALROOM_ATTRIBUTE(CKA_MODIFIABLE), kNo, Need::Optional},
                  {SEALROOM_ATTRIBUTE(CKA_DERIVE), kNo, Need::Optional},
                  {SEALROOM_ATTRIBUTE(CKA_UNWRAP), kNo, Need::Optional},
                  {SEALROOM_ATTRIBUTE(CKA_DECRYPT), kNo, Need::Optional}};
}

#undef SEALROOM_ATTRIBUTE

std::vector<std::vector<std::string>> PairTemplate::ways_to_weaken() const {
  std::vector<std::string> optional;
  for (const auto& attribute : private_half) {
    if (attribute.need == Need::Optional) optional.emplace_back(attribute.name);
  }
  for (const auto& attribute : public_half) {
    if (attribute.need == Need::Optional) optional.push_back(std::string("public ") + attribute.name);
  }
  std::vector<std::vector<std::string>> ways{{}};
  for (const auto& one : optional) ways.push_back({one});
  for (std::size_t count = 2; count <= optional.size(); ++count) {
    ways.emplace_back(optional.begin(), optional.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return ways;
}

PairTemplate PairTemplate::without(const std::vector<std::string>& left_out) const {
  PairTemplate weaker = *this;
  std::erase_if(weaker.private_half, [&](const TemplateAttribute& each) { return is_named(left_out, each.name); });
  std::erase_if(weaker.public_half, [&](const TemplateAttribute& each) {
    return is_named(left_out, std::string("public ") + each.name);
  });
  return weaker;
}

std::vector<CK_ATTRIBUTE> view_of(const Template& attributes) {
  std::vector<CK_ATTRIBUTE> view;
  for (const auto& each : attributes) {
    view.push_back({each.type, const_cast<std::uint8_t*>(each.value.data()), each.value.size()});
  }
  return view;
}

}  // namespace sealroom
