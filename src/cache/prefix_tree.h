// What the cached blocks hold: which tokens, after which others. A prompt that begins as an earlier
// one did finds the blocks that are already computed.
//
// It is a radix tree whose edges are full blocks of tokens. A node is a block and is kept at the
// block's own number, so nothing is allocated as the tree grows and it cannot outgrow the cache.
// The latents of a block depend on all tokens before it; hence the key of a block is its path.
//
// A block that nobody references stays until evict() takes it, the least recently used first.
// Holders reference whole paths and give them back from the end, so in the order of last use a
// child always stands before its parent, and what evict() takes is always a leaf.
//
// A hash only says where to look. Equality of the tokens, and of the salt, decides.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/block_pool.h"
#include "youtu/types.h"

namespace youtu {

// Tokens from the beginning of a prompt on, and the salt that says with whom they may be shared:
// only with those that give the same. No salt is the salt of all who give none.
struct SaltedTokens {
  std::string_view salt;
  std::span<const TokenId> tokens;
};

inline constexpr BlockId kNoBlock = -1;

struct PrefixTreeShape {
  int32_t num_blocks = 0;
  int32_t block_size = 0;
  // Secret, so that nobody can choose tokens that all hash alike and make searches long.
  uint64_t hash_key = 0;
  int32_t num_buckets = 0;  // of the hash; 0: as many as blocks. For tests: with 1 all collide.
};

// Is told what comes into a tree and goes.
class PrefixObserver {
 public:
  virtual ~PrefixObserver() = default;
  // `edge`: the tokens of the block, and the salt.
  virtual void on_publish(BlockId block, BlockId parent, const SaltedTokens& edge) = 0;
  virtual void on_evict(BlockId block) = 0;
};

// Engine thread only. Nothing is allocated after construction but the text of salts.
class PrefixTree {
 public:
  // `observer` may be nullptr. REQUIRES: 1 <= num_blocks <= kMaxBlocks, block_size >= 1, the
  // observer outlives the tree.
  explicit PrefixTree(const PrefixTreeShape& shape, PrefixObserver* observer = nullptr);

  // What it holds, without the text of salts, and what one of that shape would.
  int64_t bytes() const;
  static int64_t planned_bytes(const PrefixTreeShape& shape);

  int32_t num_nodes() const { return num_nodes_; }
  int32_t num_unreferenced() const { return num_unreferenced_; }
  bool contains(BlockId block) const { return node(block).num_references != kAbsent; }
  // REQUIRES: contains(block).
  int32_t num_references(BlockId block) const;
  // The block before it in its prompt, or kNoBlock. REQUIRES: contains(block).
  BlockId parent(BlockId block) const;

  // Sets `path` to the blocks that hold the beginning of `prefix`, as many full ones as there are.
  void match(const SaltedTokens& prefix, std::vector<BlockId>& path) const;

  // One more holder. REQUIRES: contains(block), and the caller references its parent.
  void add_reference(BlockId block);
  // One holder less; what it holds behind `block` it has given back before.
  // REQUIRES: num_references(block) > 0.
  void release(BlockId block);

  // Puts `block` into the tree: it holds the last block_size tokens of `prefix`, and `parent` those
  // before. Returns the block that stands for these tokens from now on, with one more reference,
  // which is the caller's: `block`, or another if they were there already.
  // REQUIRES: !contains(block), prefix is a positive number of full blocks, the caller references
  // `parent`, which is kNoBlock exactly for the first block.
  BlockId publish(BlockId parent, const SaltedTokens& prefix, BlockId block);

  // Takes the least recently used block that nobody references out of the tree. Nothing if there is
  // none.
  std::optional<BlockId> evict();

  // CHECKs that the tree, the index, the order of use and the counts fit together.
  void check_integrity() const;

 private:
  static constexpr int32_t kAbsent = -1;

  struct Node {
    BlockId parent = kNoBlock;
    int32_t num_children = 0;
    int32_t num_references = kAbsent;
    BlockId next_in_bucket = kNoBlock;
    BlockId older = kNoBlock;  // in the order of use; of unreferenced nodes
    BlockId newer = kNoBlock;
  };

  static size_t num_buckets(const PrefixTreeShape& shape);
  const Node& node(BlockId block) const;
  Node& node(BlockId block) { return const_cast<Node&>(std::as_const(*this).node(block)); }
  std::span<const TokenId> tokens_of(BlockId block) const;
  BlockId& bucket_of(BlockId parent, const SaltedTokens& edge);
  size_t bucket_index(BlockId parent, const SaltedTokens& edge) const;
  BlockId find(BlockId parent, const SaltedTokens& edge) const;
  void append_to_order(BlockId block);
  void remove_from_order(BlockId block);
  void remove_from_index(BlockId block);
  void check_order() const;
  void check_index() const;

  PrefixObserver* observer_;
  size_t block_size_;
  uint64_t hash_key_;
  std::vector<Node> nodes_;         // [num_blocks]
  std::vector<TokenId> tokens_;     // [num_blocks, block_size]
  std::vector<std::string> salts_;  // [num_blocks]; of first blocks, empty for the others
  std::vector<BlockId> buckets_;    // the first node of each
  BlockId oldest_ = kNoBlock;
  BlockId newest_ = kNoBlock;
  int32_t num_nodes_ = 0;
  int32_t num_unreferenced_ = 0;
};

}  // namespace youtu
