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

CertificateRecipe leaf_recipe() {
  CertificateRecipe recipe;
  recipe.serial = 7;
  recipe.not_after = Instant{std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}};
  recipe.extensions = {{"basicConstraints", "CA:FALSE"},
                       {"subjectKeyIdentifier", "hash"},
                       {"authorityKeyIdentifier", "keyid"},
                       {"keyUsage", "critical,digitalSignature"},
                       {"extendedKeyUsage", "serverAuth"},
                       {"subjectAltName", "DNS:broker.example.com"}};
  return recipe;
}

// A root, its intermediate and a broker's certificate below them.
struct Scene {
  TestAuthority authority{};
  Certificate root = parsed(authority.root());
  Certificate intermediate = parsed(authority.intermediate());
  Certificate leaf = parsed(authority.issue_leaf("serverAuth"));
  PublicKey key = key_of("ec:P-256");

  KeyEntryVerdict judge(const CertificateRecipe& recipe) const {
    const PublicKey own = key_of(recipe.key, recipe.key_number);
    return examine_key_entry(parsed(authority.issue(recipe)), {intermediate, root}, own, kNow);
  }
};

}  // namespace

TEST_CASE("a leaf with its key and whole chain is accepted") {
  const Scene scene;
  const auto verdict = examine_key_entry(scene.leaf, {scene.intermediate, scene.root}, scene.key, kNow);
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
  const auto verdict = examine_key_entry(
      scene.leaf, {scene.root, other, scene.leaf, scene.intermediate, scene.root}, scene.key, kNow);
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
  CHECK(ids(examine_key_entry(scene.leaf, others, key_of("ec:P-256", 1), kNow).findings) == Ids{"pack.key-mismatch"});
  CHECK(ids(examine_key_entry(scene.leaf, others, key_of("rsa:2048"), kNow).findings) == Ids{"pack.key-mismatch"});
}

TEST_CASE("pack.key-type: RSA and the three NIST curves are written, others not") {
  const Scene scene;
  CertificateRecipe recipe = leaf_recipe();
  for (const auto* kind : {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521"}) {
    recipe.key = kind;
    CHECK(ids(scene.judge(recipe).findings) == Ids{});
  }
  for (const auto* kind : {"ed25519", "ec:secp256k1"}) {
    recipe.key = kind;
    CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.key-type"});
  }
}

TEST_CASE("pack.chain-incomplete: the chain must reach the root") {
  const Scene scene;
  CHECK(ids(examine_key_entry(scene.leaf, {}, scene.key, kNow).findings) == Ids{"pack.chain-incomplete"});
  CHECK(ids(examine_key_entry(scene.leaf, {scene.root}, scene.key, kNow).findings) == Ids{"pack.chain-incomplete"});
  const auto verdict = examine_key_entry(scene.leaf, {scene.intermediate}, scene.key, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-incomplete"});
  CHECK(verdict.findings[0].detail.find("Test Root CA") != std::string::npos);
}

TEST_CASE("pack.chain-signature: a certificate that only has the issuer's name is not its issuer") {
  const Scene scene;
  const TestAuthority impostor("ec:P-384");  // the same names, other keys
  const Certificate other = parsed(impostor.intermediate());
  const auto verdict = examine_key_entry(scene.leaf, {other, parsed(impostor.root())}, scene.key, kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-signature"});
  // The right one is found beside it.
  const auto found = examine_key_entry(scene.leaf, {other, scene.intermediate, scene.root}, scene.key, kNow);
  CHECK(ids(found.findings) == Ids{});
}

TEST_CASE("of several certificates of one issuer the one that is valid is taken") {
  const Scene scene;
  CertificateRecipe old;
  old.key_number = 101;
  old.subject = {{"O", "Example"}, {"CN", "Test Intermediate CA"}};
  old.serial = 99;
  old.not_after = Instant{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};
  old.extensions = {{"subjectKeyIdentifier", "hash"}, {"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                    {"keyUsage", "critical,cRLSign,keyCertSign"}};
  const Certificate expired = parsed(make_certificate(old, scene.authority.root().get(), scene.authority.root_key()));
  const auto verdict = examine_key_entry(scene.leaf, {expired, scene.intermediate, scene.root}, scene.key, kNow);
  CHECK(ids(verdict.findings) == Ids{});
  CHECK(verdict.chain.at(1).der() == scene.intermediate.der());
}

TEST_CASE("pack.expired, pack.not-yet-valid: every certificate of the chain is within its validity") {
  const Scene scene;
  const std::vector<Certificate> others = {scene.intermediate, scene.root};
  const auto at = [&](int year) {
    const Instant then{std::chrono::sys_days{std::chrono::year{year} / 6 / 1}};
    return ids(examine_key_entry(scene.leaf, others, scene.key, then).findings);
  };
  CHECK(at(2026) == Ids{});
  CHECK(at(2028) == Ids{"pack.expired"});
  CHECK(at(2040) == Ids{"pack.expired", "pack.expired", "pack.expired"});
  CHECK(at(2020) == Ids{"pack.not-yet-valid", "pack.not-yet-valid", "pack.not-yet-valid"});
  const auto edge = [&](Instant then) { return ids(examine_key_entry(scene.leaf, others, scene.key, then).findings); };
  CHECK(edge(scene.leaf.not_after() - std::chrono::seconds(1)) == Ids{});
  CHECK(edge(scene.leaf.not_after() + std::chrono::seconds(1)) == Ids{"pack.expired"});
}

TEST_CASE("pack.no-tls-purpose: a TLS peer needs serverAuth or clientAuth") {
  const Scene scene;
  CertificateRecipe recipe = leaf_recipe();
  for (const auto* usage : {"serverAuth", "clientAuth", "serverAuth,clientAuth", "codeSigning,clientAuth"}) {
    recipe.extensions[4].second = usage;
    CHECK(ids(scene.judge(recipe).findings) == Ids{});
  }
  recipe.extensions[4].second = "codeSigning,emailProtection";
  CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.no-tls-purpose"});
  recipe.extensions.erase(recipe.extensions.begin() + 4);
  CHECK(ids(scene.judge(recipe).findings) == Ids{"pack.no-tls-purpose"});
}

TEST_CASE("pack.ca-key: a CA's key never goes into a keystore") {
  const Scene scene;
  const auto with_ca = examine_key_entry(scene.intermediate, {scene.root}, key_of("ec:P-256", 101), kNow);
  CHECK(ids(with_ca.findings) == Ids{"pack.ca-key", "pack.no-tls-purpose"});
  // Also when it is given for a leaf.
  const auto for_leaf = examine_key_entry(scene.leaf, {scene.intermediate, scene.root}, key_of("ec:P-256", 100), kNow);
  CHECK(ids(for_leaf.findings) == Ids{"pack.ca-key"});
}

TEST_CASE("pack.leaf-is-ca: a CA certificate is no leaf, whatever its usages") {
  const Scene scene;
  const auto verdict = examine_key_entry(scene.intermediate, {scene.root}, scene.key, kNow);
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
      examine_key_entry(child, {scene.leaf, scene.intermediate, scene.root}, key_of("ec:P-256", 5), kNow);
  CHECK(ids(verdict.findings) == Ids{"pack.chain-invalid"});
}

TEST_CASE("all findings are reported, not only the first") {
  const Scene scene;
  const Instant later{std::chrono::sys_days{std::chrono::year{2028} / 1 / 1}};
  CHECK(ids(examine_key_entry(scene.leaf, {}, key_of("ec:P-256", 1), later).findings) ==
        Ids{"pack.key-mismatch", "pack.chain-incomplete", "pack.expired"});
}

TEST_CASE("a truststore takes roots and intermediates, with or without each other") {
  const Scene scene;
  CHECK(ids(examine_trust({{"root", scene.root}}, kNow)) == Ids{});
  CHECK(ids(examine_trust({{"intermediate", scene.intermediate}}, kNow)) == Ids{});
  CHECK(ids(examine_trust({{"root", scene.root}, {"intermediate", scene.intermediate}}, kNow)) == Ids{});
}

TEST_CASE("pack.trust-not-ca: a leaf does not go into a truststore") {
  const Scene scene;
  CHECK(ids(examine_trust({{"root", scene.root}, {"broker", scene.leaf}}, kNow)) == Ids{"pack.trust-not-ca"});
  CHECK(ids(examine_trust({{"broker", scene.leaf}}, kNow)) == Ids{"pack.trust-not-ca"});
}

TEST_CASE("a truststore's certificates are within their validity and of one family where they say so") {
  const Scene scene;
  const TestAuthority impostor("ec:P-384");
  const Certificate other = parsed(impostor.root());
  CHECK(ids(examine_trust({{"a", other}, {"b", scene.intermediate}}, kNow)) == Ids{"pack.chain-signature"});
  const Instant late{std::chrono::sys_days{std::chrono::year{2040} / 1 / 1}};
  const Instant early{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};
  CHECK(ids(examine_trust({{"root", scene.root}}, late)) == Ids{"pack.expired"});
  CHECK(ids(examine_trust({{"root", scene.root}}, early)) == Ids{"pack.not-yet-valid"});
}
