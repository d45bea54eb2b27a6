#include <catch2/catch.hpp>

#include <map>

#include "sealroom/crypto/crypto.hpp"
#include "sealroom/log/merkle.hpp"

using namespace sealroom;

namespace {

constexpr std::uint64_t kLargest = 130;

Digest hash(const char* hex) { return *digest_from_hex(hex); }

// The leaves and roots of the tests of the first Certificate Transparency log.
const std::vector<std::string> kLeaves{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const std::vector<const char*> kRoots{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

// A tree kept as its complete nodes, grown by appended_nodes.
class StoredTree {
 public:
  void add(ByteView leaf) {
    const auto nodes = log::appended_nodes(size_++, log::leaf_hash(leaf), reader());
    REQUIRE(nodes);
    for (const auto& node : *nodes) {
      REQUIRE(nodes_.emplace(std::pair(node.level, node.index), node.hash).second);
    }
  }
  log::NodeReader reader() const {
    return [this](unsigned level, std::uint64_t index) -> Result<Digest> {
      const auto found = nodes_.find({level, index});
      if (found == nodes_.end()) return fail(ErrorKind::Integrity, "missing node");
      return found->second;
    };
  }
  std::size_t nodes() const { return nodes_.size(); }

 private:
  std::uint64_t size_ = 0;
  std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes_;
};

// MTH, PATH and SUBPROOF as RFC 6962 section 2.1 writes them, over leaves in memory.
using Leaves = std::span<const Bytes>;

std::size_t split(std::size_t n) {
  std::size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

Digest mth(Leaves d) {
  if (d.empty()) return sha256({});
  if (d.size() == 1) return log::leaf_hash(d[0]);
  const auto k = split(d.size());
  return log::node_hash(mth(d.first(k)), mth(d.subspan(k)));
}

std::vector<Digest> with(std::vector<Digest> list, const Digest& last) {
  list.push_back(last);
  return list;
}

std::vector<Digest> path(std::size_t m, Leaves d) {
  if (d.size() == 1) return {};
  const auto k = split(d.size());
  return m < k ? with(path(m, d.first(k)), mth(d.subspan(k))) : with(path(m - k, d.subspan(k)), mth(d.first(k)));
}

std::vector<Digest> subproof(std::size_t m, Leaves d, bool b) {
  if (m == d.size()) return b ? std::vector<Digest>{} : std::vector<Digest>{mth(d)};
  const auto k = split(d.size());
  return m <= k ? with(subproof(m, d.first(k), b), mth(d.subspan(k)))
                : with(subproof(m - k, d.subspan(k), false), mth(d.first(k)));
}

std::vector<Bytes> many_leaves() {
  std::vector<Bytes> leaves;
  for (std::uint64_t i = 0; i < kLargest; ++i) leaves.push_back(copy(as_bytes("leaf " + std::to_string(i))));
  return leaves;
}

StoredTree stored(Leaves leaves) {
  StoredTree tree;
  for (const auto& leaf : leaves) tree.add(leaf);
  return tree;
}

std::vector<Bytes> known_leaves() {
  std::vector<Bytes> leaves;
  for (const auto& hex : kLeaves) leaves.push_back(*from_hex(hex));
  return leaves;
}

}  // namespace

TEST_CASE("known roots come out, from the stored tree and from the builder") {
  const auto leaves = known_leaves();
  const auto tree = stored(leaves);
  log::TreeBuilder builder;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    CAPTURE(size);
    CHECK(*log::root_of(size, tree.reader()) == hash(kRoots[size]));
    CHECK(builder.root() == hash(kRoots[size]));
    CHECK(builder.size() == size);
    if (size < leaves.size()) builder.add(leaves[size]);
  }
}

TEST_CASE("known proofs come out and verify") {
  const auto leaves = known_leaves();
  const auto tree = stored(leaves);
  const std::vector first_in_8{hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
                               hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                               hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  const std::vector sixth_in_8{hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
                               hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
                               hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
  const std::vector from_6_to_8{hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
                                hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
                                hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
  const std::vector from_2_to_5{hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                                hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")};
  CHECK(*log::inclusion_proof(0, 8, tree.reader()) == first_in_8);
  CHECK(*log::inclusion_proof(5, 8, tree.reader()) == sixth_in_8);
  CHECK(*log::consistency_proof(1, 8, tree.reader()) == first_in_8);
  CHECK(*log::consistency_proof(6, 8, tree.reader()) == from_6_to_8);
  CHECK(*log::consistency_proof(2, 5, tree.reader()) == from_2_to_5);
  CHECK(log::verify_inclusion(log::leaf_hash(leaves[5]), 5, 8, sixth_in_8, hash(kRoots[8])));
  CHECK(log::verify_consistency(6, hash(kRoots[6]), 8, hash(kRoots[8]), from_6_to_8));
}

TEST_CASE("roots and stored nodes of every size up to 130 are those of the definition") {
  const auto leaves = many_leaves();
  StoredTree tree;
  log::TreeBuilder builder;
  std::size_t complete = 0;
  for (std::size_t size = 0; size <= kLargest; ++size) {
    const auto expected = mth(Leaves(leaves).first(size));
    CHECK(*log::root_of(size, tree.reader()) == expected);
    CHECK(builder.root() == expected);
    CHECK(tree.nodes() == complete);
    if (size == kLargest) break;
    tree.add(leaves[size]);
    builder.add(leaves[size]);
    complete = 0;
    for (auto nodes = size + 1; nodes > 0; nodes /= 2) complete += nodes;
  }
}

TEST_CASE("every inclusion proof up to size 130 is that of the definition, and any other is refused") {
  const auto leaves = many_leaves();
  const auto tree = stored(leaves);
  std::size_t wrong = 0;
  for (std::size_t size = 1; size <= kLargest; ++size) {
    const auto first = Leaves(leaves).first(size);
    const auto root = mth(first);
    for (std::size_t index = 0; index < size; ++index) {
      auto proof = *log::inclusion_proof(index, size, tree.reader());
      const auto leaf = log::leaf_hash(leaves[index]);
      wrong += proof != path(index, first);
      wrong += !log::verify_inclusion(leaf, index, size, proof, root);
      // Each of these is a lie about the same proof.
      wrong += log::verify_inclusion(log::leaf_hash(as_bytes("other")), index, size, proof, root);
      wrong += size > 1 && log::verify_inclusion(leaf, (index + 1) % size, size, proof, root);
      wrong += log::verify_inclusion(leaf, index, size, proof, leaf) != (size == 1);
      wrong += log::verify_inclusion(leaf, size, size, proof, root);
      wrong += log::verify_inclusion(leaf, index, size, with(proof, root), root);
      if (proof.empty()) continue;
      proof.back()[31] ^= 1;
      wrong += log::verify_inclusion(leaf, index, size, proof, root);
      proof.pop_back();
      wrong += log::verify_inclusion(leaf, index, size, proof, root);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("every consistency proof up to size 130 is that of the definition, and any other is refused") {
  const auto leaves = many_leaves();
  const auto tree = stored(leaves);
  std::vector<Digest> roots;
  for (std::size_t size = 0; size <= kLargest; ++size) roots.push_back(mth(Leaves(leaves).first(size)));
  const auto other = sha256(as_bytes("another root"));
  std::size_t wrong = 0;
  for (std::size_t second = 1; second <= kLargest; ++second) {
    for (std::size_t first = 1; first <= second; ++first) {
      auto proof = *log::consistency_proof(first, second, tree.reader());
      wrong += proof != subproof(first, Leaves(leaves).first(second), true);
      wrong += !log::verify_consistency(first, roots[first], second, roots[second], proof);
      wrong += log::verify_consistency(first, other, second, roots[second], proof);
      wrong += log::verify_consistency(first, roots[first], second, other, proof);
      wrong += log::verify_consistency(second + 1, roots[first], second, roots[second], proof);
      wrong += log::verify_consistency(first, roots[first], second, roots[second], with(proof, other));
      if (proof.empty()) continue;
      proof.front()[0] ^= 1;
      wrong += log::verify_consistency(first, roots[first], second, roots[second], proof);
      proof.erase(proof.begin());
      wrong += log::verify_consistency(first, roots[first], second, roots[second], proof);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("there is no proof for what is not in the tree") {
  const auto tree = stored(many_leaves());
  CHECK(log::inclusion_proof(0, 0, tree.reader()).error().kind == ErrorKind::Failed);
  CHECK(log::inclusion_proof(5, 5, tree.reader()).error().kind == ErrorKind::Failed);
  CHECK(log::consistency_proof(0, 5, tree.reader()).error().kind == ErrorKind::Failed);
  CHECK(log::consistency_proof(6, 5, tree.reader()).error().kind == ErrorKind::Failed);
  CHECK_FALSE(log::verify_consistency(0, sha256({}), 5, *log::root_of(5, tree.reader()), {}));
}

TEST_CASE("an error of the reader is passed on") {
  const log::NodeReader broken = [](unsigned, std::uint64_t) -> Result<Digest> {
    return fail(ErrorKind::Integrity, "unreadable");
  };
  CHECK(log::root_of(3, broken).error().message == "unreadable");
  CHECK(log::inclusion_proof(1, 3, broken).error().message == "unreadable");
  CHECK(log::consistency_proof(1, 3, broken).error().message == "unreadable");
  CHECK(log::appended_nodes(3, Digest{}, broken).error().message == "unreadable");
  CHECK(log::appended_nodes(4, Digest{}, broken)->size() == 1);
}
