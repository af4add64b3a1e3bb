// Hands out the blocks of the latent cache: a table when a sequence is admitted, more as it grows,
// all of them back when it ends or is preempted. It knows counts and ids; no sequences, no bytes.
//
// The conservation law, which check_integrity() proves: every block is either free or referenced,
// and the references are exactly the entries of the tables that are out. Reference counts are there
// because a prefix shared by two sequences is one block in two tables.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "cache/block_pool.h"
#include "cache/block_table.h"

namespace youtu {

// Engine thread only.
class BlockManager {
 public:
  // REQUIRES: 1 <= num_blocks <= kMaxBlocks, 1 <= block_size <= 128.
  BlockManager(int32_t num_blocks, int32_t block_size);

  int32_t num_blocks() const { return pool_.num_blocks(); }
  int32_t num_free() const { return pool_.num_free(); }
  int32_t num_in_use() const { return num_blocks() - num_free(); }
  int32_t block_size() const { return block_size_; }
  // Blocks that `num_tokens` positions take.
  int64_t num_blocks_for(int64_t num_tokens) const;

  // A table for `num_tokens` positions, with room in its own array to grow to `max_tokens` without
  // allocation. Nothing if there are too few free blocks; then nothing has changed.
  std::optional<BlockTable> admit(int64_t num_tokens, int64_t max_tokens);
  // Makes `table` cover `num_tokens` positions. False if there are too few free blocks; then
  // nothing has changed.
  [[nodiscard]] bool extend(BlockTable& table, int64_t num_tokens);
  // Takes all blocks back and leaves `table` empty.
  // REQUIRES: every block of `table` was handed out by this manager and not yet released.
  void release(BlockTable& table);

  // CHECKs the books against `tables`, all tables that are out.
  void check_integrity(std::span<const BlockTable* const> tables) const;

 private:
  BlockPool pool_;
  int32_t block_size_;
};

}  // namespace youtu
