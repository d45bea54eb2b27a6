#include <catch2/catch.hpp>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/proof.hpp"

using namespace sealroom;

namespace {

const std::string kInclusion =
    "c2sp.org/tlog-proof@v1\nindex 73894\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nNOTE\n";
const std::string kConsistency =
    "sealroom-consistency-proof/1\nfrom 3\nto 7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("an inclusion proof is a tlog-proof") {
  const std::vector proof{Digest{}, sha256({})};
  CHECK(log::inclusion_proof_text(73894, proof, "NOTE\n") ==
        "c2sp.org/tlog-proof@v1\nindex 73894\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nNOTE\n");
  CHECK(log::inclusion_proof_text(0, {}, "NOTE\n") == "c2sp.org/tlog-proof@v1\nindex 0\n\nNOTE\n");
}

TEST_CASE("a consistency proof names both sizes") {
  CHECK(log::consistency_proof_text(3, 7, {sha256({})}) ==
        "sealroom-consistency-proof/1\nfrom 3\nto 7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  CHECK(log::consistency_proof_text(7, 7, {}) == "sealroom-consistency-proof/1\nfrom 7\nto 7\n");
}

TEST_CASE("an inclusion proof reads back") {
  const auto proof = log::parse_inclusion_proof(kInclusion);
  REQUIRE(proof);
  CHECK(proof->index == 73894);
  CHECK(proof->hashes == std::vector{Digest{}, sha256({})});
  CHECK(proof->note == "NOTE\n");
  CHECK(log::inclusion_proof_text(proof->index, proof->hashes, proof->note) == kInclusion);
}

TEST_CASE("a consistency proof reads back") {
  const auto proof = log::parse_consistency_proof(kConsistency);
  REQUIRE(proof);
  CHECK(proof->from == 3);
  CHECK(proof->to == 7);
  CHECK(log::consistency_proof_text(proof->from, proof->to, proof->hashes) == kConsistency);
  CHECK(log::parse_consistency_proof("sealroom-consistency-proof/1\nfrom 7\nto 7\n"));
}

TEST_CASE("what is not exactly an inclusion proof is refused") {
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{{"@v1", "@v2"},
                                                                                   {"index 7", "index 07"},
                                                                                   {"index 7", "index -7"},
                                                                                   {"index", "Index"},
                                                                                   {"AAA=", "AAB="},
                                                                                   {"AAA=\n", "AAA="},
                                                                                   {"AAA=", "AAA"},
                                                                                   {"AAA=\n", "AAA=\r\n"},
                                                                                   {"uFU=\n\nNOTE\n", "uFU=\n"}}) {
    CAPTURE(what, with);
    const auto read = log::parse_inclusion_proof(replaced(kInclusion, what, with));
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::Integrity);
  }
  CHECK_FALSE(log::parse_inclusion_proof(""));
}

TEST_CASE("what is not exactly a consistency proof is refused") {
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
           {"/1", "/2"}, {"from 3", "from 03"}, {"to 7", "to seven"}, {"uFU=\n", "uFU="}, {"uFU=\n", "uFU=\n\n"}}) {
    CAPTURE(what, with);
    CHECK_FALSE(log::parse_consistency_proof(replaced(kConsistency, what, with)));
  }
}

TEST_CASE("a proof has no more hashes than a tree has levels") {
  const std::vector<Digest> path(63);
  CHECK(log::parse_inclusion_proof(log::inclusion_proof_text(1, path, "N")));
  CHECK_FALSE(log::parse_inclusion_proof(log::inclusion_proof_text(1, std::vector<Digest>(64), "N")));
  CHECK(log::parse_consistency_proof(log::consistency_proof_text(1, 2, std::vector<Digest>(126))));
  CHECK_FALSE(log::parse_consistency_proof(log::consistency_proof_text(1, 2, std::vector<Digest>(127))));
}
