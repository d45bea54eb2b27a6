#include "sealroom/plan/document.hpp"
#include "plan_fixture.hpp"
#include "sealroom/log/canonical.hpp"
#include "sealroom/plan/report.hpp"

namespace sealroom {
namespace {

using namespace testing;

PlanFacts plan_facts() {
  return {.origin = "sealroom.example/test",
          .batch = "B-20260601-0001",
          .issuer = "intermediate",
          .created = kNow,
          .valid_until = kNow + std::chrono::hours(72),
          .configuration = sha256(as_bytes("configuration")),
          .issuer_certificate = sha256(as_bytes("certificate"))};
}

}  // namespace

TEST_CASE("a plan document is canonical and names everything that is approved") {
  const auto permit = permit_for(make_request({}), tiers().rules());
  const auto planned = plan_for(permit, serial_of(1));
  const auto line = request_line(verdict_of(Decision(permit), "intermediate", "server_cert"), planned.to_be_signed());
  PlanBuilder builder(plan_facts());
  builder.add_request(line);
  builder.add_certificate(planned.to_be_signed());
  builder.add_request("a refused one");
  CHECK(builder.count() == 1);

  const auto text = builder.document();
  CHECK(log::is_canonical(text));
  const auto document = parse_json(text, "plan");
  REQUIRE(document);
  CHECK(document->at("type") == "sealroom-plan/1");
  CHECK(document->at("origin") == "sealroom.example/test");
  CHECK(document->at("batch") == "B-20260601-0001");
  CHECK(document->at("issuer") == "intermediate");
  CHECK(document->at("created") == "2026-06-01T10:00:00Z");
  CHECK(document->at("valid_until") == "2026-06-04T10:00:00Z");
  CHECK(document->at("count") == 1);
  CHECK(document->at("requests") == 2);
  CHECK(document->at("configuration") == to_hex(sha256(as_bytes("configuration"))));
  CHECK(document->at("issuer_certificate") == to_hex(sha256(as_bytes("certificate"))));
  // A tree of one leaf has the leaf's hash as its root.
  CHECK(document->at("tbs_root") == to_hex(log::leaf_hash(planned.to_be_signed())));
  CHECK(document->at("requests_root") ==
        to_hex(log::node_hash(log::leaf_hash(as_bytes(line)), log::leaf_hash(as_bytes("a refused one")))));
  CHECK(document->size() == 12);
}

TEST_CASE("a plan's digest covers its type and every octet of the document") {
  const std::string document = "{}";
  CHECK(plan_digest(document) == sha256(as_bytes("sealroom-plan/1\n{}")));
  CHECK(plan_digest("{ }") != plan_digest(document));
}

TEST_CASE("the line of an accepted request binds serial and octets") {
  const auto permit = permit_for(make_request({}), tiers().rules());
  const auto planned = plan_for(permit, serial_of(0x2a));
  const auto text = request_line(verdict_of(Decision(permit), "intermediate", "server_cert"), planned.to_be_signed());
  CHECK(log::is_canonical(text));
  const auto line = parse_json(text, "line").value();
  CHECK(line.at("file") == "intermediate/server_cert/a.csr");
  CHECK(line.at("profile") == "server_cert");
  CHECK(line.at("verdict") == "accepted");
  CHECK(line.at("findings") == Json::array());
  CHECK(line.at("sha256") == to_hex(permit.csr().request().digest()));
  CHECK(line.at("serial") == to_upper_hex(serial_of(0x2a)));
  CHECK(line.at("tbs_sha256") == to_hex(sha256(planned.to_be_signed())));
}

TEST_CASE("the line of a refused request has its finding ids and no serial") {
  const auto rules = tiers().rules();
  const auto decision =
      decide(examine(submission(make_request({.key = "rsa:1024", .extensions = {}})), rules), rules, facts_now(), {});
  const auto line = parse_json(request_line(verdict_of(decision, "intermediate", "server_cert"), {}), "line").value();
  CHECK(line.at("verdict") == "refused");
  CHECK(line.at("findings") == Json({"key.rsa-too-short", "names.missing-san"}));
  CHECK_FALSE(line.contains("serial"));
  const auto unreadable = verdict_of_unreadable("x.csr", "", "", {{"media.unplaced", "below requests/ directly"}});
  CHECK(parse_json(request_line(unreadable, {}), "line").value().at("sha256").is_null());
}

}  // namespace sealroom
