#include "plan_fixture.hpp"

namespace sealroom {
namespace {

using namespace testing;

Profile listed(Profile profile) {
  profile.common_name = CommonName::Listed;
  return profile;
}

Ids refusals_for(const std::string& common_name, const std::string& names, const Profile& profile) {
  RequestRecipe recipe{.subject = {{"CN", common_name}}, .extensions = {{"subjectAltName", names}}};
  if (names.empty()) recipe.extensions.clear();
  return refusals_of(recipe, tiers().rules(profile));
}

}  // namespace

TEST_CASE("a common name that is one of the listed hosts is accepted") {
  const auto [common_name, names] =
      GENERATE(table<std::string, std::string>({{"a.example", "DNS:a.example"},
                                                {"A.Example", "DNS:b.example,DNS:a.EXAMPLE"},
                                                {"192.0.2.7", "DNS:a.example,IP:192.0.2.7"},
                                                {"2001:DB8:0:0::1", "IP:2001:db8::1"}}));
  CAPTURE(common_name, names);
  CHECK(refusals_for(common_name, names, listed(kServer)) == Ids{});
}

TEST_CASE("a common name that is no listed host is refused where the profile asks for it") {
  const auto [common_name, names] = GENERATE(table<std::string, std::string>({{"a.example", "DNS:b.example"},
                                                                              {"a.example", "DNS:a.example.org"},
                                                                              {"Broker of the plant", "DNS:a.example"},
                                                                              {"192.0.2.7", "IP:192.0.2.8"}}));
  CAPTURE(common_name, names);
  CHECK(refusals_for(common_name, names, listed(kServer)) == Ids{"names.common-name"});
  CHECK(refusals_for(common_name, names, kServer) == Ids{});
}

TEST_CASE("a client without hosts has no listed common name; a server without any lacks them") {
  CHECK(refusals_for("sensor-1", "", listed(kClient)) == Ids{"names.common-name"});
  CHECK(refusals_for("sensor-1", "email:ops@example.com", listed(kClient)) == Ids{"names.common-name"});
  CHECK(refusals_for("sensor-1", "", kClient) == Ids{});
  CHECK(refusals_for("a.example", "", listed(kServer)) == Ids{"names.missing-san"});
}

TEST_CASE("a wildcard as a server's common name is judged as one in subjectAltName") {
  auto allowing = kServer;
  allowing.wildcards = Wildcards::Allow;
  CHECK(refusals_for("*.a.example", "DNS:b.a.example", kServer) == Ids{"names.wildcard"});
  CHECK(refusals_for("*.a.example", "DNS:b.a.example", allowing) == Ids{});
  CHECK(refusals_for("b*.a.example", "DNS:b.a.example", allowing) == Ids{"names.wildcard"});
  CHECK(refusals_for("*.example", "DNS:b.a.example", allowing) == Ids{"names.wildcard"});
  CHECK(refusals_for("5 * 3 no. 7", "DNS:b.a.example", kServer) == Ids{});
  CHECK(refusals_for("*", "DNS:b.a.example", kServer) == Ids{});
  CHECK(refusals_for("*.a.example", "", kClient) == Ids{});
}

TEST_CASE("a kind of name that the profile does not list is refused, one that it lists is not") {
  auto profile = kServer;
  CHECK(refusals_for("a.example", "DNS:a.example,URI:mqtt://a.example", profile) == Ids{"names.type"});
  profile.names = {NameKind::Dns, NameKind::Uri};
  CHECK(refusals_for("a.example", "DNS:a.example,URI:mqtt://a.example", profile) == Ids{});
  CHECK(refusals_for("a.example", "DNS:a.example,IP:192.0.2.1", profile) == Ids{"names.type"});
}

}  // namespace sealroom
