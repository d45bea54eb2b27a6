#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sealroom/base/bytes.hpp"
#include "sealroom/base/error.hpp"

// The Merkle tree of RFC 6962 section 2.1 with SHA-256.
//
// A node (level, index) is the hash of the 2^level leaves from index * 2^level on; level 0 is the leaves' hashes.
// Only complete nodes are ever stored, so a tree that grows changes nothing that is stored.
namespace sealroom::log {

// SHA-256(0x00 || leaf), RFC 6962 section 2.1.
Digest leaf_hash(ByteView leaf);

// SHA-256(0x01 || left || right).
Digest node_hash(const Digest& left, const Digest& right);

// Reads the hash of a complete node.
using NodeReader = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

// The root of the first `size` leaves; SHA-256 of nothing for size 0. Reads at most 64 nodes.
Result<Digest> root_of(std::uint64_t size, const NodeReader& read);

// The audit path for leaf `index` in the tree of `size` (RFC 6962 section 2.1.1). Fails unless
// index < size.
Result<std::vector<Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& read);

// The proof that the tree of `first` is a prefix of that of `second` (RFC 6962 section 2.1.2). Fails unless
// 0 < first <= second.
Result<std::vector<Digest>> consistency_proof(std::uint64_t first, std::uint64_t second, const NodeReader& read);

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, const std::vector<Digest>& proof,
                      const Digest& root);
bool verify_consistency(std::uint64_t first, const Digest& first_root, std::uint64_t second, const Digest& second_root,
                        const std::vector<Digest>& proof);

struct Node {
  unsigned level;
  std::uint64_t index;
  Digest hash;
};

// The nodes that become complete when the leaf with `hash` is appended to a tree of `size`: the leaf itself at
// level 0, then its completed ancestors. `read` gives the older nodes.
Result<std::vector<Node>> appended_nodes(std::uint64_t size, const Digest& hash, const NodeReader& read);

// A tree that is built in one go and kept in memory only as its right edge: for plan documents.
class TreeBuilder {
 public:
  void add(ByteView leaf) { add_hash(leaf_hash(leaf)); }
  void add_hash(const Digest& leaf_hash);
  std::uint64_t size() const { return size_; }
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> edge_;  // roots of the complete subtrees, largest first
};

}  // namespace sealroom::log
