// Hands out the blocks of the latent cache: a table when a sequence is admitted, more as it grows,
// all of them back when it ends or is preempted. It knows counts, ids and tokens; no sequences, no
// bytes.
//
// A table begins with what the prefix tree already holds of its tokens, and publishes its own
// blocks there as they become full. Blocks that it gives back stay in the tree until others need
// them.
//
// The conservation law, which check_integrity() proves: every block is free, or in one table alone,
// or in the tree; and the tree's references are exactly the entries of the tables that are out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cache/block_pool.h"
#include "cache/block_table.h"
#include "cache/earlier_prompt.h"
#include "cache/prefix_tree.h"

namespace youtu {

struct BlockManagerOptions {
  int32_t num_blocks = 0;
  int32_t block_size = 0;
  bool prefix_cache = true;            // false: nothing is shared, and what is given back is free
  uint64_t hash_key = 0;               // of the prefix tree
  PrefixObserver* observer = nullptr;  // of it; outlives the manager
};

// A table whose beginning is known from an earlier prompt.
struct SlidTable {
  BlockTable table;
  // Of the earlier prompt, published: rows of it are to be moved into the table before anything is
  // computed, and until then it must be kept. Empty if there is nothing to move.
  BlockTable source;
  // Tokens at the beginning that need no computing: those of the published blocks, then those that
  // are to be moved.
  int64_t num_known = 0;
};

// Engine thread only.
class BlockManager {
 public:
  // REQUIRES: 1 <= num_blocks <= kMaxBlocks, 1 <= block_size <= 128.
  explicit BlockManager(const BlockManagerOptions& options);

  // Of the books, not of the cache: what they hold, and what those of other options would.
  int64_t bytes() const;
  static int64_t planned_bytes(const BlockManagerOptions& options);

  static PrefixTreeShape tree_shape(const BlockManagerOptions& options);

  int32_t num_blocks() const { return pool_.num_blocks(); }
  int32_t num_free() const { return pool_.num_free(); }
  // Held by nobody and kept for whoever asks for the same prefix.
  int32_t num_cached() const { return tree_ ? tree_->num_unreferenced() : 0; }
  int32_t num_in_use() const { return num_blocks() - num_available(); }
  int32_t num_available() const { return num_free() + num_cached(); }
  bool is_free(BlockId block) const { return pool_.is_free(block); }
  int32_t block_size() const { return block_size_; }
  // Blocks that `num_tokens` positions take.
  int64_t num_blocks_for(int64_t num_tokens) const;

  // A table for `tokens`, with room in its own array to grow to `max_tokens` without allocation.
  // Its published blocks hold the tokens at the beginning that were found; the last token is never
  // among them, because somebody wants its logits. Nothing if there are too few blocks available;
  // then nothing has changed.
  std::optional<BlockTable> admit(const SaltedTokens& tokens, int64_t max_tokens);
  // The same for a prompt of which an earlier one is known, whose blocks are used where they hold
  // more. If they cannot be kept beside the new ones, they are not used.
  std::optional<SlidTable> admit_slid(const SaltedTokens& tokens, const EarlierPrompt& earlier,
                                      int64_t max_tokens);
  // Makes `table` cover `num_tokens` positions. False if there are too few blocks available; then
  // nothing has changed.
  [[nodiscard]] bool extend(BlockTable& table, int64_t num_tokens);
  // `computed` is in the cache: what of it fills blocks is shared from now on. Where the tree has a
  // block of the same tokens, the table goes on with that one.
  // REQUIRES: `table` covers `computed`; salt and tokens are those of its admission, and more.
  void publish(BlockTable& table, const SaltedTokens& computed);
  // Takes all blocks back and leaves `table` empty.
  // REQUIRES: every block of `table` was handed out by this manager and not yet released.
  void release(BlockTable& table);

  // CHECKs the books against `tables`, all tables that are out.
  void check_integrity(std::span<const BlockTable* const> tables) const;

 private:
  BlockId take();
  BlockTable hold(std::span<const BlockId> path, int64_t max_tokens);
  int32_t num_unreferenced(std::span<const BlockId> path) const;
  std::optional<SlidTable> admit_moved(const SaltedTokens& tokens, const EarlierPrompt& earlier,
                                       int64_t max_tokens);

  BlockPool pool_;
  std::optional<PrefixTree> tree_;
  int32_t block_size_;
  std::vector<BlockId> matched_;  // scratch of admit(), and of
  std::vector<BlockId> earlier_;  // admit_slid()
};

}  // namespace youtu
