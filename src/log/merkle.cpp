#include "sealroom/log/merkle.hpp"

#include <bit>
#include <utility>

#include <fmt/format.h>

#include "sealroom/crypto/crypto.hpp"

namespace sealroom::log {
namespace {

// The largest power of two below `size`, which is at least 2 (RFC 6962 section 2.1: "k").
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

// The hash of `size` leaves from `start` on, where `start` is a multiple of the next power of two: every subtree that
// the recursions below meet is of that kind, so each complete one is a stored node.
Result<Digest> subtree(std::uint64_t start, std::uint64_t size, const NodeReader& read) {
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return read(level, start >> level);
  }
  const auto k = split_of(size);
  auto left = subtree(start, k, read);
  if (!left) return left;
  auto right = subtree(start + k, size - k, read);
  if (!right) return right;
  return node_hash(*left, *right);
}

Result<Done> add_subtree(std::vector<Digest>& proof, std::uint64_t start, std::uint64_t size, const NodeReader& read) {
  auto hash = subtree(start, size, read);
  if (!hash) return pass_on(hash);
  proof.push_back(*hash);
  return Done{};
}

// PATH(m, D[n]) of RFC 6962 section 2.1.1.
Result<Done> add_path(std::vector<Digest>& proof, std::uint64_t index, std::uint64_t start, std::uint64_t size,
                      const NodeReader& read) {
  if (size == 1) return Done{};
  const auto k = split_of(size);
  const bool in_left = index - start < k;
  auto below = in_left ? add_path(proof, index, start, k, read) : add_path(proof, index, start + k, size - k, read);
  if (!below) return below;
  return in_left ? add_subtree(proof, start + k, size - k, read) : add_subtree(proof, start, k, read);
}

// Whether the root of the older subtree is what the verifier knows already.
enum class OldRoot { Known, Unknown };

// SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2.
Result<Done> add_subproof(std::vector<Digest>& proof, std::uint64_t first, std::uint64_t start, std::uint64_t size,
                          OldRoot old_root, const NodeReader& read) {
  if (first == size) return old_root == OldRoot::Known ? Result<Done>(Done{}) : add_subtree(proof, start, size, read);
  const auto k = split_of(size);
  if (first <= k) {
    auto below = add_subproof(proof, first, start, k, old_root, read);
    if (!below) return below;
    return add_subtree(proof, start + k, size - k, read);
  }
  auto below = add_subproof(proof, first - k, start + k, size - k, OldRoot::Unknown, read);
  if (!below) return below;
  return add_subtree(proof, start, k, read);
}

}  // namespace

Digest leaf_hash(ByteView leaf) {
  static constexpr std::uint8_t kPrefix[] = {0x00};
  Sha256 hash;
  hash.add(kPrefix);
  hash.add(leaf);
  return hash.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  static constexpr std::uint8_t kPrefix[] = {0x01};
  Sha256 hash;
  hash.add(kPrefix);
  hash.add(left);
  hash.add(right);
  return hash.finish();
}

Result<Digest> root_of(std::uint64_t size, const NodeReader& read) {
  if (size == 0) return sha256({});
  return subtree(0, size, read);
}

Result<std::vector<Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeReader& read) {
  if (index >= size) {
    return fail(ErrorKind::Failed, fmt::format("inclusion proof: leaf {} is not in a tree of {}", index, size));
  }
  std::vector<Digest> proof;
  auto made = add_path(proof, index, 0, size, read);
  if (!made) return pass_on(made);
  return proof;
}

Result<std::vector<Digest>> consistency_proof(std::uint64_t first, std::uint64_t second, const NodeReader& read) {
  if (first == 0 || first > second) {
    return fail(ErrorKind::Failed, fmt::format("consistency proof: there is none from size {} to {}", first, second));
  }
  std::vector<Digest> proof;
  auto made = add_subproof(proof, first, 0, second, OldRoot::Known, read);
  if (!made) return pass_on(made);
  return proof;
}

// RFC 9162 section 2.1.3.2.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, const std::vector<Digest>& proof,
                      const Digest& root) {
  if (index >= size) return false;
  auto node = index;
  auto last = size - 1;
  auto hash = leaf;
  for (const auto& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162 section 2.1.4.2.
bool verify_consistency(std::uint64_t first, const Digest& first_root, std::uint64_t second, const Digest& second_root,
                        const std::vector<Digest>& proof) {
  if (first == 0 || first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  auto path = proof;
  if (std::has_single_bit(first)) path.insert(path.begin(), first_root);
  if (path.empty()) return false;
  auto node = first - 1;
  auto last = second - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  auto old_hash = path.front();
  auto new_hash = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(path[i], old_hash);
      new_hash = node_hash(path[i], new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, path[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == first_root && new_hash == second_root;
}

Result<std::vector<Node>> appended_nodes(std::uint64_t size, const Digest& hash, const NodeReader& read) {
  std::vector<Node> nodes{{0, size, hash}};
  while ((nodes.back().index & 1) != 0) {
    const auto right = nodes.back();
    auto left = read(right.level, right.index - 1);
    if (!left) return pass_on(left);
    nodes.push_back({right.level + 1, right.index >> 1, node_hash(*left, right.hash)});
  }
  return nodes;
}

void TreeBuilder::add_hash(const Digest& leaf_hash) {
  edge_.push_back(leaf_hash);
  ++size_;
  for (auto merges = std::countr_zero(size_); merges > 0; --merges) {
    const auto right = edge_.back();
    edge_.pop_back();
    edge_.back() = node_hash(edge_.back(), right);
  }
}

Digest TreeBuilder::root() const {
  if (edge_.empty()) return sha256({});
  auto hash = edge_.back();
  for (auto left = edge_.rbegin() + 1; left != edge_.rend(); ++left) hash = node_hash(*left, hash);
  return hash;
}

}  // namespace sealroom::log
