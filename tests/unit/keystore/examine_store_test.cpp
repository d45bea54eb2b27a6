#include <catch2/catch.hpp>

#include <algorithm>

#include "sealroom/keystore/examine_store.hpp"
#include "support/openssl_certificates.hpp"

using namespace sealroom;
using namespace sealroom::testing;

namespace {

const Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

Certificate parsed(const OwnedX509& certificate) {
  auto made = Certificate::parse(der_of_certificate(certificate));
  REQUIRE(made);
  return std::move(*made);
}

PublicKey key_of(const std::string& kind, int number = 0) {
  auto key = PublicKey::of(test_key(kind, number));
  REQUIRE(key);
  return std::move(*key);
}

std::vector<std::string> ids(const Findings& findings) {
  std::vector<std::string> all;
  for (const auto& finding : findings) {
    CHECK_FALSE(finding.detail.empty());
    all.push_back(finding.id);
  }
  return all;
}

using Ids = std::vector<std::string>;

class Candidates final : public TrustCandidates {
 public:
  explicit Candidates(std::vector<TrustCandidate> all) : all_(std::move(all)) {}
  std::size_t size() const override { return all_.size(); }
  Result<TrustCandidate> at(std::size_t index) override { return all_.at(index); }

 private:
  std::vector<TrustCandidate> all_;
};

Ids judged(std::vector<TrustCandidate> all, TrustKind kind = TrustKind::Authorities, Instant at = kNow) {
  Candidates candidates(std::move(all));
  const auto findings = examine_trust(candidates, kind, at);
  REQUIRE(findings);
  return ids(*findings);
}

CertificateRecipe leaf_recipe() {
  CertificateRecipe recipe;
  recipe.serial = 7;
  recipe.not_after = Instant{std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}};
  recipe.extensions = {{"basicConstraints", "CA:FALSE"},    {"subjectKeyIdentifier", "hash"},
                       {"authorityKeyIdentifier", "keyid"}, {"keyUsage", "critical,digitalSignature"},
                       {"extendedKeyUsage", "serverAuth"},  {"subjectAltName", "DNS:broker.example.com"}};
  return recipe;
}

// A root, its intermediate and a broker's certificate below them.
struct Scene {
  TestAuthority authority{};
  Certificate root = parsed(authority.root());
  Certificate intermediate = parsed(authority.intermediate());
  Certificate leaf = parsed(authority.issue_leaf("serverAuth"));
  PublicKey key = key_of("ec:P-256");

  KeyEntryVerdict judge(const CertificateRecipe& recipe, std::optional<KeystoreRole> role = std::nullopt) const {
    const PublicKey own = key_of(recipe.key, recipe.key_number);
    return examine_key_entry(parsed(authority.issue(recipe)), {intermediate, root}, own, role, kNow);
  }
};

}  // namespace

TEST_CASE("a leaf with its key and whole chain is accepted") {
  const Scene scene;
  const auto verdict = examine_key_entry(scene.leaf, {scene.intermediate, scene.root}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{});
  CHECK_FALSE(verdict.reordered);
  CHECK(verdict.left_out.empty());
  REQUIRE(verdict.chain.size() == 3);
  CHECK(verdict.chain[0].der() == scene.leaf.der());
  CHECK(verdict.chain[1].der() == scene.intermediate.der());
  CHECK(verdict.chain[2].der() == scene.root.der());
}

TEST_CASE("a chain in another order, with the leaf and strangers in it, is put in order and said so") {
  const Scene scene;
  CertificateRecipe stranger = leaf_recipe();
  stranger.subject = {{"CN", "stranger"}};
  const Certificate other = parsed(scene.authority.issue(stranger));
  const auto verdict = examine_key_entry(scene.leaf, {scene.root, other, scene.leaf, scene.intermediate, scene.root},
                                         scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{});
  CHECK(verdict.reordered);
  REQUIRE(verdict.chain.size() == 3);
  CHECK(verdict.chain[1].der() == scene.intermediate.der());
  REQUIRE(verdict.left_out.size() == 1);
  CHECK(verdict.left_out[0].der() == other.der());
}

TEST_CASE("pack.key-mismatch: the key must be the leaf's") {
  const Scene scene;
  const std::vector<Certificate> others = {scene.intermediate, scene.root};
  CHECK(ids(examine_key_entry(scene.leaf, others, key_of("ec:P-256", 1), std::nullopt, kNow).findings) ==
        Ids{"pack.key-mismatch"});
  CHECK(ids(examine_key_entry(scene.leaf, others, key_of("rsa:2048"), std::nullopt, kNow).findings) ==
        Ids{"pack.key-mismatch"});
}

TEST_CASE("pack.key-type: what Java's TLS takes is written, other keys not") {
  const Scene scene;
  CertificateRecipe recipe = leaf_recipe();
  for (const auto* kind : {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"}) {
    recipe.key = kind;
    CHECK(ids(scene.judge(recipe).findings) == Ids{});
  }
  for (const auto* kind : {"ed448", "ec:secp256k1"}) {
    recipe.key = kind;
    CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.key-type"});
  }
}

TEST_CASE("pack.chain-incomplete: the chain must reach the root") {
  const Scene scene;
  CHECK(ids(examine_key_entry(scene.leaf, {}, scene.key, std::nullopt, kNow).findings) == Ids{"pack.chain-incomplete"});
  CHECK(ids(examine_key_entry(scene.leaf, {scene.root}, scene.key, std::nullopt, kNow).findings) ==
        Ids{"pack.chain-incomplete"});
  const auto verdict = examine_key_entry(scene.leaf, {scene.intermediate}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-incomplete"});
  CHECK(verdict.findings[0].detail.find("Test Root CA") != std::string::npos);
}

TEST_CASE("pack.chain-signature: a certificate that only has the issuer's name is not its issuer") {
  const Scene scene;
  const TestAuthority impostor("ec:P-384");  // the same names, other keys
  const Certificate other = parsed(impostor.intermediate());
  const auto verdict = examine_key_entry(scene.leaf, {other, parsed(impostor.root())}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-signature"});
  // The right one is found beside it.
  const auto found =
      examine_key_entry(scene.leaf, {other, scene.intermediate, scene.root}, scene.key, std::nullopt, kNow);
  CHECK(ids(found.findings) == Ids{});
}

TEST_CASE("of several certificates of one issuer the one that is valid is taken") {
  const Scene scene;
  CertificateRecipe old;
  old.key_number = 101;
  old.subject = {{"O", "Example"}, {"CN", "Test Intermediate CA"}};
  old.serial = 99;
  old.not_after = Instant{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
  old.extensions = {{"subjectKeyIdentifier", "hash"},
                    {"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                    {"keyUsage", "critical,cRLSign,keyCertSign"}};
  const Certificate expired = parsed(make_certificate(old, scene.authority.root().get(), scene.authority.root_key()));
  const auto verdict =
      examine_key_entry(scene.leaf, {expired, scene.intermediate, scene.root}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{});
  CHECK(verdict.chain.at(1).der() == scene.intermediate.der());
}

TEST_CASE("of several certificates of one issuer the one that leads to a root is taken") {
  const Scene scene;
  // The intermediate, signed anew by a root that is not given, for longer.
  const TestAuthority elsewhere("ec:P-384");
  CertificateRecipe recipe;
  recipe.key_number = 101;
  recipe.subject = {{"O", "Example"}, {"CN", "Test Intermediate CA"}};
  recipe.serial = 98;
  recipe.not_after = scene.intermediate.not_after() + std::chrono::hours(24);
  recipe.extensions = {{"subjectKeyIdentifier", "hash"},
                       {"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                       {"keyUsage", "critical,cRLSign,keyCertSign"}};
  const Certificate crossed = parsed(make_certificate(recipe, elsewhere.root().get(), elsewhere.root_key()));
  const auto verdict =
      examine_key_entry(scene.leaf, {crossed, scene.intermediate, scene.root}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{});
  REQUIRE(verdict.chain.size() == 3);
  CHECK(verdict.chain[1].der() == scene.intermediate.der());
  REQUIRE(verdict.left_out.size() == 1);
  CHECK(verdict.left_out[0].der() == crossed.der());
  // Without a way to a root the reason is that of the longest-lived.
  const auto cut = examine_key_entry(scene.leaf, {scene.intermediate, crossed}, scene.key, std::nullopt, kNow);
  CHECK(ids(cut.findings) == Ids{"pack.chain-incomplete"});
  CHECK(cut.chain.at(1).der() == crossed.der());
}

TEST_CASE("pack.expired, pack.not-yet-valid: every certificate of the chain is within its validity") {
  const Scene scene;
  const std::vector<Certificate> others = {scene.intermediate, scene.root};
  const auto at = [&](int year) {
    const Instant then{std::chrono::sys_days{std::chrono::year{year} / 6 / 1}};
    return ids(examine_key_entry(scene.leaf, others, scene.key, std::nullopt, then).findings);
  };
  CHECK(at(2026) == Ids{});
  CHECK(at(2028) == Ids{"pack.expired"});
  CHECK(at(2040) == Ids{"pack.expired", "pack.expired", "pack.expired"});
  CHECK(at(2020) == Ids{"pack.not-yet-valid", "pack.not-yet-valid", "pack.not-yet-valid"});
  const auto edge = [&](Instant then) {
    return ids(examine_key_entry(scene.leaf, others, scene.key, std::nullopt, then).findings);
  };
  CHECK(edge(scene.leaf.not_after() - std::chrono::seconds(1)) == Ids{});
  CHECK(edge(scene.leaf.not_after() + std::chrono::seconds(1)) == Ids{"pack.expired"});
}

TEST_CASE("pack.no-tls-purpose: a TLS peer needs serverAuth or clientAuth") {
  const Scene scene;
  CertificateRecipe recipe = leaf_recipe();
  for (const auto* usage : {"serverAuth", "clientAuth", "codeSigning,clientAuth"}) {
    recipe.extensions[4].second = usage;
    CHECK(ids(scene.judge(recipe).findings) == Ids{});
  }
  recipe.extensions[4].second = "codeSigning,emailProtection";
  CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.no-tls-purpose"});
  recipe.extensions.erase(recipe.extensions.begin() + 4);
  CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.no-tls-purpose"});
}

TEST_CASE(
    "a keystore's role is what the certificate allows, and the certificate must allow the role that is asked for") {
  const Scene scene;
  CertificateRecipe recipe = leaf_recipe();
  const auto judge = [&](const char* usage, std::optional<KeystoreRole> role) {
    recipe.extensions[4].second = usage;
    return scene.judge(recipe, role);
  };
  using enum KeystoreRole;
  CHECK(judge("serverAuth", std::nullopt).role == Broker);
  CHECK(judge("clientAuth", std::nullopt).role == Client);
  const struct {
    const char* usage;
    std::optional<KeystoreRole> role;
    Ids findings;
  } rows[] = {
      {"serverAuth", Broker, {}},
      {"clientAuth", Client, {}},
      {"serverAuth,clientAuth", Member, {}},
      {"clientAuth", Broker, {"pack.not-for-server"}},
      {"serverAuth", Client, {"pack.not-for-client"}},
      {"serverAuth", Member, {"pack.not-for-client"}},
      {"clientAuth", Member, {"pack.not-for-server"}},
      {"serverAuth,clientAuth", std::nullopt, {"pack.both-purposes"}},
      {"serverAuth,clientAuth", Broker, {"pack.both-purposes"}},
      {"serverAuth,clientAuth", Client, {"pack.both-purposes"}},
  };
  for (const auto& row : rows) {
    INFO(row.usage << " as " << (row.role ? name_of(*row.role) : "whatever fits"));
    CHECK(ids(judge(row.usage, row.role).findings) == row.findings);
  }
}

TEST_CASE("pack.ca-key: a CA's key never goes into a keystore") {
  const Scene scene;
  const auto with_ca = examine_key_entry(scene.intermediate, {scene.root}, key_of("ec:P-256", 101), std::nullopt, kNow);
  CHECK(ids(with_ca.findings) == Ids{"pack.ca-key", "pack.no-tls-purpose"});
  // Also when it is given for a leaf.
  const auto for_leaf =
      examine_key_entry(scene.leaf, {scene.intermediate, scene.root}, key_of("ec:P-256", 100), std::nullopt, kNow);
  CHECK(ids(for_leaf.findings) == Ids{"pack.ca-key"});
}

TEST_CASE("pack.leaf-is-ca: a CA certificate is no leaf, whatever its usages") {
  const Scene scene;
  const auto verdict = examine_key_entry(scene.intermediate, {scene.root}, scene.key, std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.leaf-is-ca", "pack.key-mismatch", "pack.no-tls-purpose"});
  CertificateRecipe recipe = leaf_recipe();
  recipe.extensions[0].second = "critical,CA:TRUE";
  CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.ca-key"});
}

TEST_CASE("pack.chain-invalid: what only the whole chain shows is found") {
  const Scene scene;
  // A leaf used as an issuer.
  CertificateRecipe below = leaf_recipe();
  below.key_number = 5;
  below.subject = {{"CN", "below a leaf"}};
  const OwnedX509 leaf = scene.authority.issue_leaf("serverAuth");
  const Certificate child = parsed(make_certificate(below, leaf.get(), test_key("ec:P-256")));
  const auto verdict =
      examine_key_entry(child, {scene.leaf, scene.intermediate, scene.root}, key_of("ec:P-256", 5), std::nullopt, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-invalid"});
}

TEST_CASE("all findings are reported, not only the first") {
  const Scene scene;
  const Instant later{std::chrono::sys_days{std::chrono::year{2028} / 1 / 1}};
  CHECK(ids(examine_key_entry(scene.leaf, {}, key_of("ec:P-256", 1), std::nullopt, later).findings) ==
        Ids{"pack.key-mismatch", "pack.chain-incomplete", "pack.expired"});
}

TEST_CASE("a truststore takes roots and intermediates, with or without each other") {
  const Scene scene;
  CHECK(judged({{"root", scene.root}}) == Ids{});
  CHECK(judged({{"intermediate", scene.intermediate}}) == Ids{});
  CHECK(judged({{"root", scene.root}, {"intermediate", scene.intermediate}}) == Ids{});
}

TEST_CASE("pack.trust-not-ca: a leaf does not go into a truststore") {
  const Scene scene;
  CHECK(judged({{"root", scene.root}, {"broker", scene.leaf}}) == Ids{"pack.trust-not-ca"});
  CHECK(judged({{"broker", scene.leaf}}) == Ids{"pack.trust-not-ca"});
}

TEST_CASE("pack.pin-is-ca: what is pinned trusts nobody else") {
  const Scene scene;
  const auto pinned = [](std::vector<TrustCandidate> all) { return judged(std::move(all), TrustKind::PinnedLeaves); };
  CHECK(pinned({{"broker", scene.leaf}}) == Ids{});
  CHECK(pinned({{"broker", scene.leaf}, {"root", scene.root}}) == Ids{"pack.pin-is-ca"});
  // As `openssl req -x509` makes them, and as it should.
  CertificateRecipe own = leaf_recipe();
  own.subject = {{"CN", "client"}};
  own.extensions = {{"subjectKeyIdentifier", "hash"}, {"basicConstraints", "critical,CA:TRUE"}};
  CHECK(pinned({{"client", parsed(make_certificate(own, nullptr, test_key(own.key)))}}) == Ids{"pack.pin-is-ca"});
  own.extensions[1].second = "critical,CA:FALSE";
  CHECK(pinned({{"client", parsed(make_certificate(own, nullptr, test_key(own.key)))}}) == Ids{});
  own.extensions.push_back({"extendedKeyUsage", "codeSigning"});
  CHECK(pinned({{"client", parsed(make_certificate(own, nullptr, test_key(own.key)))}}) == Ids{"pack.no-tls-purpose"});
}

TEST_CASE("a truststore's certificates are within their validity and of one family where they say so") {
  const Scene scene;
  const TestAuthority impostor("ec:P-384");
  const Certificate other = parsed(impostor.root());
  CHECK(judged({{"a", other}, {"b", scene.intermediate}}) == Ids{"pack.chain-signature"});
  const Instant late{std::chrono::sys_days{std::chrono::year{2040} / 1 / 1}};
  const Instant early{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};
  CHECK(judged({{"root", scene.root}}, TrustKind::Authorities, late) == Ids{"pack.expired"});
  CHECK(judged({{"root", scene.root}}, TrustKind::Authorities, early) == Ids{"pack.not-yet-valid"});
}
