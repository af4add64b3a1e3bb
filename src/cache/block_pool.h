// Which cache blocks are free. The pool knows ids only: the bytes that an id stands for belong to
// the model's latent cache, and who holds a block that is not free is the block manager's business.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace youtu {

using BlockId = int32_t;

// Bounds slot numbers (block id * block size + offset) to 31 bits for every block size up to 128.
inline constexpr int32_t kMaxBlocks = 1 << 24;

// Engine thread only. Nothing is allocated after construction.
class BlockPool {
 public:
  // REQUIRES: 1 <= num_blocks <= kMaxBlocks.
  explicit BlockPool(int32_t num_blocks);

  // What it holds, and what one of that size would.
  int64_t bytes() const {
    return static_cast<int64_t>(free_.capacity() * sizeof(BlockId) + is_free_.capacity() / 8);
  }
  static int64_t planned_bytes(int32_t num_blocks) {
    // Bits come in words of 64.
    return int64_t{num_blocks} * static_cast<int64_t>(sizeof(BlockId)) +
           (int64_t{num_blocks} + 63) / 64 * 8;
  }

  int32_t num_blocks() const { return static_cast<int32_t>(is_free_.size()); }
  int32_t num_free() const { return static_cast<int32_t>(free_.size()); }
  bool is_free(BlockId block) const;

  // A free block, or nothing when all are taken. The block released last is handed out first: its
  // bytes are the likeliest to be in the processor's caches.
  std::optional<BlockId> allocate();
  // REQUIRES: `block` is not free.
  void release(BlockId block);

  // CHECKs that the free blocks are those that say so, each once.
  void check_integrity() const;

 private:
  std::vector<BlockId> free_;  // a stack
  std::vector<bool> is_free_;  // [num_blocks]
};

}  // namespace youtu
