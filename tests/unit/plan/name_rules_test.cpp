#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

struct Part {
  std::string field;
  int type;
  std::string value;
};

// The ids for a request whose subject has one part beside its common name.
Ids refusals_for(const Part& part) {
  const OwnedName name(X509_NAME_new());
  const auto add = [&](const Part& one) {
    const OwnedObject object(OBJ_txt2obj(one.field.c_str(), 0));
    OwnedNameEntry entry(X509_NAME_ENTRY_create_by_OBJ(nullptr, object.get(), V_ASN1_OCTET_STRING,
                                                       reinterpret_cast<const unsigned char*>(one.value.data()),
                                                       static_cast<int>(one.value.size())));
    X509_NAME_ENTRY_get_data(entry.get())->type = one.type;
    must(X509_NAME_add_entry(name.get(), entry.get(), -1, 0) == 1, "entry");
  };
  add(part);
  if (part.field != "CN") add({"CN", V_ASN1_UTF8STRING, "broker"});
  const auto request = unsigned_request({});
  must(X509_REQ_set_subject_name(request.get(), name.get()) == 1, "subject");
  return ids_of(examine(submission(sign_request(request.get())), tiers().rules()).refusals);
}

}  // namespace

TEST_CASE("well-formed name parts are accepted") {
  const auto part = GENERATE(values<Part>({
      {"CN", V_ASN1_UTF8STRING, "broker"},
      {"CN", V_ASN1_PRINTABLESTRING, "broker"},
      {"O", V_ASN1_UTF8STRING,
       "B\xc3\xa4"
       "ckerei & S\xc3\xb6hne"},
      {"O", V_ASN1_UTF8STRING, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"},
      {"O", V_ASN1_UTF8STRING, "Example\u00a0GmbH \u3000\u4f8b"},
      {"O", V_ASN1_UTF8STRING, "\u0e01\u05d0\u2603\U0001f511\U000e1000"},
      {"C", V_ASN1_PRINTABLESTRING, "DE"},
      {"emailAddress", V_ASN1_IA5STRING, "ops@example.com"},
      {"DC", V_ASN1_IA5STRING, "example"},
      {"serialNumber", V_ASN1_PRINTABLESTRING, "0042"},
      {"unstructuredName", V_ASN1_IA5STRING, "anything"},
      {"CN", V_ASN1_UTF8STRING, std::string(64, 'x')},
      {"L", V_ASN1_UTF8STRING, std::string(128, 'x')},
      {"emailAddress", V_ASN1_IA5STRING, std::string(243, 'x') + "@example.com"},
  }));
  CAPTURE(part.field, part.value);
  CHECK(refusals_for(part) == Ids{});
}

TEST_CASE("string types that a part cannot have and control characters are refused") {
  const auto part = GENERATE(values<Part>({
      {"C", V_ASN1_UTF8STRING, "DE"},
      {"CN", V_ASN1_IA5STRING, "broker"},
      {"CN", V_ASN1_T61STRING, "broker"},
      {"O", V_ASN1_BMPSTRING, std::string("\0O\0n\0e", 6)},
      {"emailAddress", V_ASN1_UTF8STRING, "ops@example.com"},
      {"serialNumber", V_ASN1_UTF8STRING, "0042"},
      {"CN", V_ASN1_UTF8STRING, std::string("evil.example\0.com", 17)},
      {"CN", V_ASN1_UTF8STRING, "two\nlines"},
      {"CN", V_ASN1_UTF8STRING, "delete\x7f"},
      {"CN", V_ASN1_UTF8STRING, "C1 \xc2\x85"},
      {"CN", V_ASN1_UTF8STRING, "moc.\u202eelpmaxe"},
      {"CN", V_ASN1_UTF8STRING, "two\u2028lines"},
      {"O", V_ASN1_UTF8STRING, "Exam\u200bple"},
      {"O", V_ASN1_UTF8STRING, "\ufeffExample"},
      {"emailAddress", V_ASN1_IA5STRING, std::string("ops@example.com\0", 16)},
  }));
  CAPTURE(part.field, part.value);
  CHECK(refusals_for(part) == Ids{"names.encoding"});
}

TEST_CASE("characters that are not seen are refused") {
  const std::string unseen = GENERATE(as<std::string>(), "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4",
                                      "\u17b5", "\u180b", "\u180e", "\u206a", "\u206f", "\u3164", "\ufe00", "\ufe0f",
                                      "\uffa0", "\ufff9", "\ufffb", "\U000e0000", "\U000e0041", "\U000e0fff");
  CAPTURE(unseen);
  CHECK(refusals_for({"O", V_ASN1_UTF8STRING, "Exam" + unseen + "ple"}) == Ids{"names.encoding"});
  CHECK(refusals_for({"O", V_ASN1_UTF8STRING, unseen}) == Ids{"names.encoding"});
}

TEST_CASE("the neighbours of characters that are not seen are accepted") {
  const std::string seen = GENERATE(as<std::string>(), "\u00ac", "\u00ae", "\u034e", "\u0350", "\u061b", "\u115e",
                                    "\u1161", "\u17b3", "\u17b6", "\u180a", "\u2010", "\u2027", "\u3163", "\u3165",
                                    "\ufdff", "\ufe10", "\uff9f", "\uffa1", "\ufffc", "\U000dffff", "\U000e1000");
  CAPTURE(seen);
  CHECK(refusals_for({"O", V_ASN1_UTF8STRING, "Exam" + seen + "ple"}) == Ids{});
}

TEST_CASE("blanks of other widths are blanks") {
  const std::string blank = GENERATE(as<std::string>(), "\u00a0", "\u1680", "\u2000", "\u200a", "\u202f", "\u205f",
                                     "\u2800", "\u3000", " \u00a0\u3000 ");
  CAPTURE(blank);
  CHECK(refusals_for({"O", V_ASN1_UTF8STRING, blank}) == Ids{"names.length"});
  CHECK(refusals_for({"O", V_ASN1_UTF8STRING, blank + "x"}) == Ids{});
}

TEST_CASE("empty and overlong name parts are refused") {
  const auto part = GENERATE(values<Part>({
      {"CN", V_ASN1_UTF8STRING, ""},
      {"CN", V_ASN1_UTF8STRING, "   "},
      {"CN", V_ASN1_UTF8STRING, std::string(65, 'x')},
      {"O", V_ASN1_PRINTABLESTRING, std::string(65, 'x')},
      {"L", V_ASN1_UTF8STRING, std::string(129, 'x')},
      {"serialNumber", V_ASN1_PRINTABLESTRING, std::string(65, '0')},
      {"emailAddress", V_ASN1_IA5STRING, std::string(244, 'x') + "@example.com"},
  }));
  CAPTURE(part.field, part.value);
  CHECK(refusals_for(part) == Ids{"names.length"});
}

TEST_CASE("the bound counts characters, not octets") {
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "\xc3\xbc";
  CHECK(refusals_for({"CN", V_ASN1_UTF8STRING, umlauts}) == Ids{});
  CHECK(refusals_for({"CN", V_ASN1_UTF8STRING, umlauts + "\xc3\xbc"}) == Ids{"names.length"});
}

TEST_CASE("a country is two letters") {
  CHECK(refusals_for({"C", V_ASN1_PRINTABLESTRING, "GB"}) == Ids{});
  const std::string value = GENERATE("", "D", "DEU", "D1", "--");
  CAPTURE(value);
  CHECK(refusals_for({"C", V_ASN1_PRINTABLESTRING, value}) == Ids{"names.country"});
}

}  // namespace sealroom
