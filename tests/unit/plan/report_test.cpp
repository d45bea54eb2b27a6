#include "sealroom/plan/report.hpp"
#include "plan_fixture.hpp"
#include "sealroom/log/canonical.hpp"

namespace sealroom {
namespace {

using namespace testing;

Decision decision_on(const RequestRecipe& recipe, const std::string& path = "intermediate/server_cert/a.csr") {
  const auto rules = tiers().rules();
  return decide(examine(submission(make_request(recipe), path), rules), rules, facts_now(), {});
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the verdict on an accepted request says what will be in the certificate") {
  const auto verdict = verdict_of(decision_on({}), "intermediate", "server_cert");
  CHECK(verdict.at("file") == "intermediate/server_cert/a.csr");
  CHECK(verdict.at("issuer") == "intermediate");
  CHECK(verdict.at("profile") == "server_cert");
  CHECK(verdict.at("verdict") == "accepted");
  CHECK(verdict.at("findings") == Json::array());
  CHECK(verdict.at("subject") == "C=DE, O=Example, CN=broker.example.com");
  CHECK(verdict.at("key") == "EC P-256");
  CHECK(verdict.at("names") == Json({"DNS:broker.example.com"}));
  CHECK(verdict.at("asked") == Json::array({{{"asked", "extension subjectAltName"}, {"happened", "copied"}},
                                            {{"asked", "attribute extReq"}, {"happened", "read"}}}));
  CHECK(verdict.at("not_before") == "2026-06-01T10:00:00Z");
  CHECK(verdict.at("not_after") == "2027-06-01T10:00:00Z");
  CHECK_FALSE(verdict.contains("not_evaluated"));
}

TEST_CASE("the verdict on a refused request has every finding with its detail") {
  const auto verdict = verdict_of(decision_on({.key = "rsa:1024", .extensions = {}}), "intermediate", "server_cert");
  CHECK(verdict.at("verdict") == "refused");
  REQUIRE(verdict.at("findings").size() == 2);
  CHECK(verdict.at("findings").at(0).at("id") == "key.rsa-too-short");
  CHECK_FALSE(verdict.at("findings").at(1).at("detail").get<std::string>().empty());
  CHECK_FALSE(verdict.contains("not_before"));
}

TEST_CASE("a check lists what it could not evaluate") {
  const auto examination = examine(submission(make_request({})), {});
  const auto verdict = verdict_of(examination, "", "");
  CHECK(verdict.at("verdict") == "accepted");
  CHECK(verdict.at("issuer").is_null());
  const auto open = verdict.at("not_evaluated").get<std::vector<std::string>>();
  CHECK(std::ranges::is_sorted(open));
  CHECK(std::ranges::find(open, "request.already-issued") != open.end());
  CHECK(std::ranges::find(open, "extension.ca-rights") != open.end());
}

TEST_CASE("no octet of a request or path leaves unescaped") {
  const std::string path = "intermediate/server_cert/a\n\x1b[2J\xff.csr";
  const auto verdict =
      verdict_of(decision_on({.subject = {{"CN", "b\xc3\xbc<script>&\"'"}}}, path), "intermediate", "server_cert");
  CHECK(verdict.at("file") == "intermediate/server_cert/a\\x0a\\x1b[2J\\xff.csr");
  CHECK_NOTHROW(log::canonical(verdict));  // aborts on anything but printable ASCII
  const auto report = report_of("B-20260601-0001", {verdict}, {{{"file", "x\\x0a"}, {"reason", "a <b>"}}});
  const auto page = report_html(report);
  CHECK(std::ranges::all_of(page, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("&lt;script&gt;&amp;&quot;&#39;") != std::string::npos);
  CHECK(page.find("a &lt;b&gt;") != std::string::npos);
  const auto text = request_text(verdict) + ignored_text(report.at("ignored").at(0));
  CHECK(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST_CASE("a report holds format, batch, requests and ignored files") {
  const auto report =
      report_of("", {verdict_of_unreadable("a.csr", "", "", {{"media.unplaced", "not below a profile"}})},
                {{{"file", "root/._a.csr"}, {"reason", "begins with a dot"}}});
  CHECK(report.at("format") == "sealroom-report/1");
  CHECK(report.at("batch").is_null());
  CHECK(report.at("requests").size() == 1);
  CHECK(report.at("requests").at(0).at("verdict") == "refused");
  CHECK(report.at("ignored").at(0).at("file") == "root/._a.csr");
  CHECK(report_of("B-20260601-0001", {}, {}).at("batch") == "B-20260601-0001");
}

TEST_CASE("the page keeps refused and accepted apart and stands alone") {
  const auto report = report_of("B-20260601-0001",
                                {verdict_of(decision_on({}), "intermediate", "server_cert"),
                                 verdict_of(decision_on({.key = "rsa:1024"}, "intermediate/server_cert/weak.csr"),
                                            "intermediate", "server_cert")},
                                {});
  const auto page = report_html(report);
  const auto refused = page.find("Refused (1)");
  const auto accepted = page.find("Accepted (1)");
  REQUIRE(refused != std::string::npos);
  REQUIRE(accepted != std::string::npos);
  CHECK(refused < page.find("weak.csr"));
  CHECK(page.find("weak.csr") < accepted);
  CHECK(accepted < page.find("server_cert/a.csr"));
  CHECK(page.find("key.rsa-too-short") < accepted);
  CHECK(count(page, "<article") == 2);
  CHECK(count(page, "<article") == count(page, "</article>"));
  for (const auto* loaded : {"<script", "<img", "<link", "url(", "@import", "http://", "https://"}) {
    CAPTURE(loaded);
    CHECK(page.find(loaded) == std::string::npos);
  }
}

TEST_CASE("a verdict stays small, however long the names are that a request asks for") {
  const auto decision = decision_on({.extensions = {{"subjectAltName", "DNS:" + std::string(30'000, '\x7f')}}});
  const auto verdict = verdict_of(decision, "intermediate", "server_cert");
  CHECK(verdict.dump().size() < 4'000);
  CHECK(verdict.at("names").at(0).get<std::string>().ends_with("... (119704 more characters)"));
  CHECK(verdict.at("findings").at(0).at("detail").get<std::string>().size() < 1'100);
}

TEST_CASE("the text for a terminal names each request and each finding with its remedy") {
  const auto text = request_text(verdict_of(decision_on({}), "intermediate", "server_cert"));
  const auto refused = request_text(
      verdict_of(decision_on({.extensions = {}}, "intermediate/server_cert/b.csr"), "intermediate", "server_cert"));
  CHECK(text.find("accepted  intermediate/server_cert/a.csr") == 0);
  CHECK(refused.find("refused   intermediate/server_cert/b.csr") == 0);
  CHECK(refused.find("\n          names.missing-san: ") != std::string::npos);
  CHECK(ignored_text({{"file", "root/.x"}, {"reason", "begins with a dot"}}) ==
        "ignored   root/.x  (begins with a dot)\n");
}

}  // namespace sealroom
