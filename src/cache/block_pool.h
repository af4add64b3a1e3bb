// Which cache blocks are free, and how many holders each of the others has. The pool knows ids
// only: the bytes that an id stands for belong to the model's latent cache.
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

  int32_t num_blocks() const { return static_cast<int32_t>(references_.size()); }
  int32_t num_free() const { return static_cast<int32_t>(free_.size()); }
  int32_t num_references(BlockId block) const;

  // A free block with one reference, or nothing when all are taken. The block released last is
  // handed out first: its bytes are the likeliest to be in the processor's caches.
  std::optional<BlockId> allocate();
  // One more holder of a block that already has one. REQUIRES: `block` is in use.
  void add_reference(BlockId block);
  // One holder less; the last one frees the block. REQUIRES: `block` is in use.
  void release(BlockId block);

  // CHECKs that every block is either free exactly once or referenced, and returns the sum of the
  // references.
  int64_t check_integrity() const;

 private:
  std::vector<BlockId> free_;        // a stack
  std::vector<int32_t> references_;  // [num_blocks]; 0 is free
};

}  // namespace youtu
