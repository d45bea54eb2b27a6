#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/crypto/sums.hpp"

using namespace sealroom;

TEST_CASE("sums are lines as sha256sum writes them, in octet order of the paths") {
  const auto nothing = std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sums_text({{"b", sha256({})}, {"B/a b", sha256({})}}) == nothing + "  B/a b\n" + nothing + "  b\n");
  CHECK(sums_text({}).empty());
}

TEST_CASE("each file of an export is content, evidence, or proves itself") {
  CHECK(is_export_content("report.json"));
  CHECK(is_export_content("audits/x"));
  CHECK_FALSE(is_export_content("SHA256SUMS"));
  CHECK_FALSE(is_export_content("audit/log-key.pem"));
  CHECK(is_export_evidence("audit/log-key.pem"));
  CHECK(is_export_evidence("audit/config/sealroom.yaml"));
  for (const auto* path : {"audit/checkpoint", "audit/entries.jsonl", "audit/proofs/export.proof", "report.json"}) {
    CHECK_FALSE(is_export_evidence(path));
  }
}

TEST_CASE("the digest of an export is over the lines of the files that belong to it") {
  const std::map<std::string, Digest> all{{"audit/x", Digest{}}, {"report.json", sha256({})}};
  CHECK(digest_of_sums(all, is_export_content) == sha256(as_bytes(sums_text({{"report.json", sha256({})}}))));
  CHECK(digest_of_sums(all, is_export_evidence) == sha256(as_bytes(sums_text({{"audit/x", Digest{}}}))));
}
