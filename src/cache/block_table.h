// The blocks of one sequence, in the order of its tokens.
#pragma once

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
  BlockTable(BlockTable&& other) noexcept : blocks_(std::exchange(other.blocks_, {})) {}
  BlockTable& operator=(BlockTable&& other) noexcept {
    CHECK(this != &other && blocks_.empty());
    blocks_ = std::exchange(other.blocks_, {});
    return *this;
  }
  ~BlockTable() { CHECK(blocks_.empty()); }

  bool is_empty() const { return blocks_.empty(); }
  std::span<const BlockId> blocks() const { return blocks_; }

 private:
  friend class BlockManager;
  std::vector<BlockId> blocks_;
};

}  // namespace youtu
