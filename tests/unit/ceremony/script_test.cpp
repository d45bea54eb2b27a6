#include "sealroom/ceremony/script.hpp"

#include <catch2/catch.hpp>

#include "support/reviewed_files.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

Script good(const std::string& text) {
  auto script = Script::parse("x.yaml", text);
  if (!script) throw std::runtime_error(script.error().message);
  return std::move(*script);
}

std::string refusal(const std::string& text) {
  const auto script = Script::parse("x.yaml", text);
  if (script) return "accepted";
  CHECK(script.error().kind == ErrorKind::Usage);
  return script.error().message;
}

// Everything but line numbers.
std::string seen(const Script& script) {
  std::string text = script.name + "|" + script.title + "|";
  const auto add = [&](const std::optional<Outcome>& outcome) {
    if (!outcome) return;
    for (const auto& [name, value] : *outcome) text += name + "=" + value + ",";
    text += ";";
  };
  add(script.performed);
  for (const Step& step : script.steps) {
    text += "\n" + describe(step) + "|" + step.say + "|";
    add(step.done);
  }
  return text;
}

const std::string kHivemq = reviewed_file("hivemq.yaml");

const std::string kSmall =
    "ceremony: 1\n"                                                                            // 1
    "name: small\n"                                                                            // 2
    "title: A small one\n"                                                                     // 3
    "steps:\n"                                                                                 // 4
    "  - generate-log-key: {algorithm: ec-p256}\n"                                             // 5
    "    say: a\n"                                                                             // 6
    "  - generate-key: {issuer: root, algorithm: rsa-4096}\n"                                  // 7
    "    say: b\n"                                                                             // 8
    "  - self-sign: {issuer: root, profile: v3_ca, days: 3652}\n"                              // 9
    "    say: c\n"                                                                             // 10
    "  - generate-key: {issuer: sub, algorithm: ec-p384}\n"                                    // 11
    "    say: d\n"                                                                             // 12
    "  - request: {issuer: sub}\n"                                                             // 13
    "    say: e\n"                                                                             // 14
    "  - issue: {issuer: root, subject: sub, profile: v3_intermediate_ca, days: 3650}\n"       // 15
    "    say: f\n"                                                                             // 16
    "  - install: {issuer: sub}\n"                                                             // 17
    "    say: g\n"                                                                             // 18
    "  - export: {}\n"                                                                         // 19
    "    say: h\n";                                                                            // 20

}  // namespace

TEST_CASE("the reviewed opening ceremony is the guide's, on tokens") {
  const auto script = good(kHivemq);
  CHECK(script.name == "hivemq");
  CHECK_FALSE(script.performed);
  std::string steps;
  for (const Step& step : script.steps) {
    steps += describe(step) + "\n";
    CHECK(step.say.size() > 40);
    CHECK_FALSE(step.done);
  }
  CHECK(steps ==
        "Make the key that signs the log (ec-p256) in the log token.\n"
        "Make the key of issuer root (rsa-4096) in its token, and show that it cannot be taken out.\n"
        "Sign the certificate of issuer root with its own key: profile v3_ca, 3652 days.\n"
        "Make the key of issuer intermediate (rsa-4096) in its token, and show that it cannot be taken out.\n"
        "Make the certificate signing request of issuer intermediate, signed with its key.\n"
        "Sign the certificate of issuer intermediate with the key of issuer root: profile v3_intermediate_ca, 3650 "
        "days.\n"
        "Check the certificate of issuer intermediate and its chain, and take it into use.\n"
        "Write the certificates, the chain and the log onto the medium.\n");
}

TEST_CASE("a step knows the line it stands in") {
  const auto script = good(kSmall);
  REQUIRE(script.steps.size() == 8);
  CHECK(script.steps[0].line == 5);
  CHECK(script.steps[7].line == 19);
}

TEST_CASE("a script is written and read back as the same") {
  for (const std::string& text : {kHivemq, kSmall}) {
    const auto script = good(text);
    const auto again = good(script.to_yaml());
    CHECK(seen(again) == seen(script));
    CHECK(again.to_yaml() == script.to_yaml());
  }
}

TEST_CASE("a transcript is written and read back as the same") {
  auto script = good(kHivemq);
  script.performed = Outcome{{"at", "2026-11-21T10:00:00Z"}, {"where", "vault \"2\", C:\\room"}, {"software", "0.1.0"}};
  script.steps[0].done = Outcome{};
  script.steps[1].done = Outcome{{"fingerprint", "ab cd: #x"}, {"note", ""}, {"yes", "no"}, {"bits", "4096"}};
  script.steps[2].say = "two  blanks " + std::string(200, 'x') + " # and: more";
  script.steps[3].say = std::string(30, 'a') + " # " + std::string(30, 'b') + " - " + std::string(120, 'c') + " & %";
  script.title = "It's: \"quoted\" - # not a comment";
  const auto again = good(script.to_yaml());
  CHECK(seen(again) == seen(script));
  REQUIRE(again.steps[0].done);
  CHECK(again.steps[0].done->empty());
  CHECK_FALSE(again.steps[2].done);
}

TEST_CASE("a script with part of the steps stands on what an earlier ceremony made") {
  CHECK(refusal("ceremony: 1\nname: renew\ntitle: t\nsteps:\n  - request: {issuer: sub}\n    say: a\n"
                "  - issue: {issuer: root, subject: sub, profile: p, days: 1}\n    say: b\n"
                "  - export: {}\n    say: c\n  - install: {issuer: sub}\n    say: d\n  - export: {}\n    say: e\n") ==
        "accepted");
}

namespace {

struct Edit {
  const char* from;
  const char* to;
  const char* says;
};

}  // namespace

TEST_CASE("each mistake in a script is refused with its line") {
  const auto edit = GENERATE(values<Edit>({
      {"ceremony: 1\n", "", "x.yaml:1: ceremony script lacks ceremony"},
      {"ceremony: 1", "ceremony: 2", "x.yaml:1: ceremony must be a plain number from 1 to 1"},
      {"ceremony: 1", "ceremony: \"1\"", "x.yaml:1: ceremony must be a plain number from 1 to 1"},
      {"name: small", "nam: small", "x.yaml:2: unknown key nam in ceremony script"},
      {"name: small", "name: a b", "x.yaml:2: name is \"a b\", which cannot be a name"},
      {"name: small", "name: small\nname: big", "x.yaml:3: key name stands twice, first in line 2"},
      {"title: A small one", "title: \"\"", "x.yaml:3: title is empty"},
      {"title: A small one", "title: 12", "x.yaml:3: title must be a text, and 12 is none to YAML"},
      {"title: A small one", "title: \"a\\nb\"", "x.yaml:3: title must be one line of printable ASCII"},
      {"title: A small one\n", "", "ceremony script lacks title"},
      {"    say: a\n", "", "x.yaml:5: generate-log-key lacks say"},
      {"    say: a\n", "    say:\n", "x.yaml:6: say must be a text"},
      {"    say: a\n", "    say: a\n    say: b\n", "x.yaml:7: key say stands twice, first in line 6"},
      {"    say: a\n", "    say: a\n    done: {key: x}\n", "x.yaml:7: done without performed"},
      {"  - generate-log-key: {algorithm: ec-p256}\n    say: a\n", "  - say: a\n", "x.yaml:5: step does nothing"},
      {"  - generate-log-key: {algorithm: ec-p256}\n    say: a\n", "  - export\n", "x.yaml:5: step must be a mapping"},
      {"  - generate-log-key: {algorithm: ec-p256}\n", "  - generate-log-key: {}\n",
       "x.yaml:5: generate-log-key lacks algorithm"},
      {"{algorithm: ec-p256}", "{algorithm: ec-p384}", "x.yaml:5: generate-log-key cannot use ec-p384"},
      {"rsa-4096", "rsa-1024", "x.yaml:7: generate-key cannot use rsa-1024"},
      {"rsa-4096", "RSA-4096", "x.yaml:7: generate-key cannot use RSA-4096"},
      {"{issuer: root, algorithm", "{issuer: ../root, algorithm", "x.yaml:7: issuer is \"../root\""},
      {"{issuer: root, algorithm", "{issuer: root, bits: 1, algorithm", "x.yaml:7: unknown key bits in generate-key"},
      {"  - self-sign:", "  - selfsign:", "x.yaml:9: unknown step selfsign"},
      {"    say: c\n", "    say: c\n    export: {}\n", "x.yaml:11: one step does both self-sign and export"},
      {"days: 3652", "days: 0", "x.yaml:9: days must be a plain number from 1 to 36525"},
      {"days: 3652", "days: 03652", "x.yaml:9: days must be a plain number"},
      {"days: 3652", "days: 3652.0", "x.yaml:9: days must be a plain number"},
      {", days: 3652", "", "x.yaml:9: self-sign lacks days"},
      {"subject: sub", "subject: root", "x.yaml:15: issue: issuer and subject are the same"},
      {"export: {}", "export: {to: x}", "x.yaml:19: unknown key to in export"},
      {"export: {}", "export:", "x.yaml:19: export must be a mapping"},
      {"steps:\n", "steps: []\nother:\n", "x.yaml:5: unknown key other"},
      // order
      {"  - export: {}", "  - request: {issuer: sub}",
       "x.yaml:19: step \"request sub\" stands twice, first in line 13"},
      {"generate-key: {issuer: sub, algorithm: ec-p384}", "install: {issuer: sub}", "stands twice"},
  }));
  INFO(edit.from << " -> " << edit.to);
  CHECK_THAT(refusal(edited(kSmall, edit.from, edit.to)), Catch::Contains(edit.says));
}

TEST_CASE("steps in an order that cannot work are refused") {
  const std::string head = "ceremony: 1\nname: ordered\ntitle: t\nsteps:\n";
  const auto step = [](const std::string& act) { return "  - " + act + "\n    say: x\n"; };
  const std::string log_key = step("generate-log-key: {algorithm: ec-p256}");
  const std::string key = step("generate-key: {issuer: r, algorithm: rsa-2048}");
  const std::string self = step("self-sign: {issuer: r, profile: p, days: 9}");
  const std::string sub_key = step("generate-key: {issuer: s, algorithm: ec-p256}");
  const std::string request = step("request: {issuer: s}");
  const std::string issue = step("issue: {issuer: r, subject: s, profile: p, days: 8}");
  const std::string install = step("install: {issuer: s}");
  CHECK(refusal(head + log_key + key + self + sub_key + request + issue + install) == "accepted");
  CHECK(refusal(head + sub_key + request + key + self + issue + install) == "accepted");
  CHECK(refusal(head + key + log_key) ==
        "x.yaml:5: this step needs \"generate-log-key\", which comes later, in line 7");
  CHECK(refusal(head + self + key) == "x.yaml:5: this step needs \"generate-key r\", which comes later, in line 7");
  CHECK(refusal(head + request + sub_key) ==
        "x.yaml:5: this step needs \"generate-key s\", which comes later, in line 7");
  CHECK(refusal(head + issue + request) == "x.yaml:5: this step needs \"request s\", which comes later, in line 7");
  CHECK(refusal(head + issue + self) == "x.yaml:5: this step needs \"self-sign r\", which comes later, in line 7");
  CHECK(refusal(head + issue + key) == "x.yaml:5: this step needs \"generate-key r\", which comes later, in line 7");
  CHECK(refusal(head + install + issue) == "x.yaml:5: this step needs \"issue s\", which comes later, in line 7");
  CHECK(refusal(head + "  []\n") == "x.yaml:4: steps is empty");
}

TEST_CASE("no edit of a good script crashes the reader") {
  std::size_t accepted = 0;
  auto transcript = good(kSmall);
  transcript.performed = Outcome{{"at", "2026-11-21T10:00:00Z"}};
  transcript.steps[0].done = Outcome{{"fingerprint", "ab"}};
  const std::string texts[] = {kHivemq, kSmall, transcript.to_yaml()};
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    const auto script = Script::parse("x.yaml", Mutator(seed).mutate(texts[seed % 3]));
    if (script) {
      ++accepted;
      const auto again = Script::parse("x.yaml", script->to_yaml());
      REQUIRE(again);
      CHECK(seen(*again) == seen(*script));
    } else {
      CHECK(script.error().message.starts_with("x.yaml"));
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 4'000);
}
