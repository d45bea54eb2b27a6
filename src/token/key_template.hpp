#pragma once

#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

#include "sealroom/base/bytes.hpp"
#include "sealroom/token/token.hpp"

namespace sealroom {

// Whether a pair may be generated when the token refuses an attribute; what was left out is read back and recorded.
enum class Need { Required, Optional };

struct TemplateAttribute {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
  Bytes value;
  Need need;
};

using Template = std::vector<TemplateAttribute>;

// What C_GenerateKeyPair is asked for: the strict template.
struct PairTemplate {
  CK_MECHANISM_TYPE mechanism;
  Template public_half;
  Template private_half;

  PairTemplate(const KeySpec& spec, const std::string& label, const Bytes& id);

  // The sets of optional attributes to leave out, in the order in which they are tried: none, each alone, then more
  // and more of them. Names as in `name`, those of the public half with "public " before.
  std::vector<std::vector<std::string>> ways_to_weaken() const;

  // A copy without the attributes named in `left_out`.
  PairTemplate without(const std::vector<std::string>& left_out) const;
};

// A view for a C_* call; valid as long as `attributes` are, and not written to by the module.
std::vector<CK_ATTRIBUTE> view_of(const Template& attributes);

}  // namespace sealroom
