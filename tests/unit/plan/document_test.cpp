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
  CHECK(log::parse_canonical(text));
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

TEST_CASE("a plan document reads back as what was written, and may have more members") {
  PlanBuilder builder(plan_facts());
  builder.add_request("a refused one");
  const auto plan = parse_plan(builder.document());
  REQUIRE(plan);
  CHECK(plan->facts.origin == "sealroom.example/test");
  CHECK(plan->facts.batch == "B-20260601-0001");
  CHECK(plan->facts.issuer == "intermediate");
  CHECK(plan->facts.created == kNow);
  CHECK(plan->facts.valid_until == kNow + std::chrono::hours(72));
  CHECK(plan->facts.configuration == plan_facts().configuration);
  CHECK(plan->facts.issuer_certificate == plan_facts().issuer_certificate);
  CHECK(plan->count == 0);
  CHECK(plan->requests == 1);
  CHECK(plan->tbs_root == sha256({}));
  CHECK(plan->requests_root == log::leaf_hash(as_bytes("a refused one")));
  auto document = parse_json(builder.document(), "plan").value();
  document["more"] = 1;
  CHECK(parse_plan(log::canonical(document)));
}

TEST_CASE("a plan document that lacks a member, or has it in another form, is refused by its name") {
  const auto good = parse_json(PlanBuilder(plan_facts()).document(), "plan").value();
  for (const auto& [name, value] : good.items()) {
    for (const auto& other : {Json(nullptr), Json("x"), Json(-1)}) {
      const bool any_text = name == "origin" || name == "batch" || name == "issuer";
      if (any_text && other.is_string()) continue;
      auto wrong = good;
      wrong[name] = other;
      if (other.is_null()) wrong.erase(name);
      const auto read = parse_plan(log::canonical(wrong));
      CAPTURE(name, other.dump());
      REQUIRE_FALSE(read);
      CHECK(read.error().kind == ErrorKind::Integrity);
      CHECK_THAT(read.error().message, Catch::Contains(name));
    }
  }
  CHECK_FALSE(parse_plan(good.dump(2)));
  CHECK_FALSE(parse_plan("[]"));
  CHECK_FALSE(parse_plan(""));
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
  CHECK(log::parse_canonical(text));
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
