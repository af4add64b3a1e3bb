// The blocks of one sequence, in the order of its tokens.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "cache/block_pool.h"

namespace youtu {

// Owned by its sequence; filled and emptied by the BlockManager that made it. Move-only, and a
// table that is destroyed or overwritten while it still holds blocks is a leak, hence a bug.
class BlockTable {
 public:
  BlockTable() = default;
  BlockTable(BlockTable&& other) noexcept
      : blocks_(std::exchange(other.blocks_, {})),
        num_published_(std::exchange(other.num_published_, 0)) {}
  BlockTable& operator=(BlockTable&& other) noexcept {
    CHECK(this != &other && blocks_.empty());
    blocks_ = std::exchange(other.blocks_, {});
    num_published_ = std::exchange(other.num_published_, 0);
    return *this;
  }
  ~BlockTable() { CHECK(blocks_.empty()); }

  bool is_empty() const { return blocks_.empty(); }
  std::span<const BlockId> blocks() const { return blocks_; }
  // The first blocks, which are in the prefix tree: full, computed, and not to be written again.
  // The others belong to this table alone.
  std::span<const BlockId> published_blocks() const { return blocks().first(num_published_); }

 private:
  friend class BlockManager;
  std::vector<BlockId> blocks_;
  size_t num_published_ = 0;
};

}  // namespace youtu
