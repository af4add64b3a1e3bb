#include "cache/prefix_tree.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/rng.h"

namespace youtu {
PrefixTree::PrefixTree(const PrefixTreeShape& shape, PrefixObserver* observer)
    : observer_(observer),
      block_size_(static_cast<size_t>(shape.block_size)),
      hash_key_(shape.hash_key) {
  CHECK(shape.num_blocks >= 1 && shape.num_blocks <= kMaxBlocks);
  CHECK(shape.block_size >= 1 && shape.num_buckets >= 0);
  const size_t num_blocks = static_cast<size_t>(shape.num_blocks);
  nodes_.resize(num_blocks);
  tokens_.resize(num_blocks * block_size_);
  salts_.resize(num_blocks);
  buckets_.assign(num_buckets(shape), kNoBlock);
}

size_t PrefixTree::num_buckets(const PrefixTreeShape& shape) {
  const int32_t wanted = shape.num_buckets > 0 ? shape.num_buckets : shape.num_blocks;
  return std::bit_ceil(static_cast<size_t>(wanted));
}

int64_t PrefixTree::planned_bytes(const PrefixTreeShape& shape) {
  const auto num_blocks = static_cast<size_t>(shape.num_blocks);
  const size_t block =
      sizeof(Node) + sizeof(std::string) + static_cast<size_t>(shape.block_size) * sizeof(TokenId);
  return static_cast<int64_t>(num_blocks * block + num_buckets(shape) * sizeof(BlockId));
}

int64_t PrefixTree::bytes() const {
  return static_cast<int64_t>(
      nodes_.capacity() * sizeof(Node) + tokens_.capacity() * sizeof(TokenId) +
      salts_.capacity() * sizeof(std::string) + buckets_.capacity() * sizeof(BlockId));
}

const PrefixTree::Node& PrefixTree::node(BlockId block) const {
  CHECK(block >= 0 && static_cast<size_t>(block) < nodes_.size());
  return nodes_[static_cast<size_t>(block)];
}

std::span<const TokenId> PrefixTree::tokens_of(BlockId block) const {
  return std::span(tokens_).subspan(static_cast<size_t>(block) * block_size_, block_size_);
}

int32_t PrefixTree::num_references(BlockId block) const {
  CHECK(contains(block));
  return node(block).num_references;
}

BlockId PrefixTree::parent(BlockId block) const {
  CHECK(contains(block));
  return node(block).parent;
}

// The index: from (parent, tokens of one block) to the node. The salt belongs to first blocks; the
// others have it by their path.

size_t PrefixTree::bucket_index(BlockId parent, const SaltedTokens& edge) const {
  uint64_t hash = random_bits(hash_key_, static_cast<uint64_t>(parent));
  for (const TokenId token : edge.tokens) hash = random_bits(hash, static_cast<uint64_t>(token));
  if (parent == kNoBlock) {
    for (const char byte : edge.salt) hash = random_bits(hash, static_cast<unsigned char>(byte));
  }
  return static_cast<size_t>(hash) & (buckets_.size() - 1);
}

BlockId& PrefixTree::bucket_of(BlockId parent, const SaltedTokens& edge) {
  return buckets_[bucket_index(parent, edge)];
}

BlockId PrefixTree::find(BlockId parent, const SaltedTokens& edge) const {
  for (BlockId block = buckets_[bucket_index(parent, edge)]; block != kNoBlock;
       block = node(block).next_in_bucket) {
    if (node(block).parent != parent) continue;
    if (!std::ranges::equal(tokens_of(block), edge.tokens)) continue;
    if (parent == kNoBlock && salts_[static_cast<size_t>(block)] != edge.salt) continue;
    return block;
  }
  return kNoBlock;
}

void PrefixTree::remove_from_index(BlockId block) {
  const Node& removed = node(block);
  BlockId* link =
      &bucket_of(removed.parent, {salts_[static_cast<size_t>(block)], tokens_of(block)});
  while (*link != block) link = &node(*link).next_in_bucket;
  *link = removed.next_in_bucket;
}

// The order of use.

void PrefixTree::append_to_order(BlockId block) {
  Node& appended = node(block);
  appended.older = newest_;
  appended.newer = kNoBlock;
  (newest_ == kNoBlock ? oldest_ : node(newest_).newer) = block;
  newest_ = block;
  ++num_unreferenced_;
}

void PrefixTree::remove_from_order(BlockId block) {
  const Node& removed = node(block);
  (removed.older == kNoBlock ? oldest_ : node(removed.older).newer) = removed.newer;
  (removed.newer == kNoBlock ? newest_ : node(removed.newer).older) = removed.older;
  --num_unreferenced_;
}

// What holders do.

void PrefixTree::match(const SaltedTokens& prefix, std::vector<BlockId>& path) const {
  path.clear();
  BlockId parent = kNoBlock;
  for (size_t end = block_size_; end <= prefix.tokens.size(); end += block_size_) {
    parent = find(parent, {prefix.salt, prefix.tokens.subspan(end - block_size_, block_size_)});
    if (parent == kNoBlock) return;
    path.push_back(parent);
  }
}

void PrefixTree::add_reference(BlockId block) {
  CHECK(contains(block));
  Node& held = node(block);
  CHECK(held.parent == kNoBlock || num_references(held.parent) > held.num_references);
  if (held.num_references++ == 0) remove_from_order(block);
}

void PrefixTree::release(BlockId block) {
  CHECK(num_references(block) > 0);
  if (--node(block).num_references == 0) append_to_order(block);
}

BlockId PrefixTree::publish(BlockId parent, const SaltedTokens& prefix, BlockId block) {
  CHECK(!contains(block));
  CHECK(!prefix.tokens.empty() && prefix.tokens.size() % block_size_ == 0);
  CHECK((parent == kNoBlock) == (prefix.tokens.size() == block_size_));
  const SaltedTokens edge = {prefix.salt, prefix.tokens.last(block_size_)};
  if (const BlockId known = find(parent, edge); known != kNoBlock) {
    add_reference(known);
    return known;
  }
  std::ranges::copy(edge.tokens, tokens_.begin() + static_cast<ptrdiff_t>(block) *
                                                       static_cast<ptrdiff_t>(block_size_));
  if (parent == kNoBlock) {
    salts_[static_cast<size_t>(block)] = edge.salt;
  } else {
    CHECK(num_references(parent) > 0);
    ++node(parent).num_children;
  }
  BlockId& bucket = bucket_of(parent, edge);
  node(block) = {.parent = parent, .num_references = 1, .next_in_bucket = bucket};
  bucket = block;
  ++num_nodes_;
  if (observer_ != nullptr) observer_->on_publish(block, parent, edge);
  return block;
}

std::optional<BlockId> PrefixTree::evict() {
  const BlockId block = oldest_;
  if (block == kNoBlock) return std::nullopt;
  CHECK(node(block).num_children == 0);
  if (observer_ != nullptr) observer_->on_evict(block);
  remove_from_order(block);
  remove_from_index(block);
  if (node(block).parent != kNoBlock) --node(node(block).parent).num_children;
  salts_[static_cast<size_t>(block)] = std::string();
  node(block) = {};
  --num_nodes_;
  return block;
}

// The proof.

void PrefixTree::check_integrity() const {
  std::vector<int32_t> num_children(nodes_.size(), 0);
  int32_t num_nodes = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const BlockId block = static_cast<BlockId>(i);
    CHECK(salts_[i].empty() || (contains(block) && nodes_[i].parent == kNoBlock));
    if (!contains(block)) continue;
    ++num_nodes;
    CHECK(nodes_[i].num_references >= 0);
    if (nodes_[i].parent == kNoBlock) continue;
    CHECK(num_references(nodes_[i].parent) >= nodes_[i].num_references);
    ++num_children[static_cast<size_t>(nodes_[i].parent)];
  }
  CHECK(num_nodes == num_nodes_);
  for (size_t i = 0; i < nodes_.size(); ++i) CHECK(nodes_[i].num_children == num_children[i]);
  check_order();
  check_index();
}

void PrefixTree::check_order() const {
  std::vector<bool> seen(nodes_.size(), false);
  BlockId last = kNoBlock;
  int32_t num_seen = 0;
  for (BlockId block = oldest_; block != kNoBlock; block = node(block).newer) {
    CHECK(node(block).older == last && num_references(block) == 0);
    CHECK(!seen[static_cast<size_t>(block)]);
    // A parent comes after its child, or evict() would take it first.
    const BlockId parent = node(block).parent;
    CHECK(parent == kNoBlock || !seen[static_cast<size_t>(parent)]);
    seen[static_cast<size_t>(block)] = true;
    last = block;
    ++num_seen;
  }
  CHECK(last == newest_ && num_seen == num_unreferenced_);
  for (size_t i = 0; i < nodes_.size(); ++i) CHECK(seen[i] == (nodes_[i].num_references == 0));
}

void PrefixTree::check_index() const {
  int32_t num_indexed = 0;
  for (BlockId block : buckets_) {
    for (; block != kNoBlock; block = node(block).next_in_bucket) {
      CHECK(contains(block));
      // Found by its key, hence in the right bucket and the only one of its key.
      CHECK(find(node(block).parent, {salts_[static_cast<size_t>(block)], tokens_of(block)}) ==
            block);
      CHECK(++num_indexed <= num_nodes_);
    }
  }
  CHECK(num_indexed == num_nodes_);
}

}  // namespace youtu
