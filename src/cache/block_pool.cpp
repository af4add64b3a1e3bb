#include "cache/block_pool.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {

BlockPool::BlockPool(int32_t num_blocks) {
  CHECK(num_blocks >= 1 && num_blocks <= kMaxBlocks);
  is_free_.assign(static_cast<size_t>(num_blocks), true);
  free_.reserve(static_cast<size_t>(num_blocks));
  for (BlockId block = num_blocks - 1; block >= 0; --block) free_.push_back(block);
}

bool BlockPool::is_free(BlockId block) const {
  CHECK(block >= 0 && block < num_blocks());
  return is_free_[static_cast<size_t>(block)];
}

std::optional<BlockId> BlockPool::allocate() {
  if (free_.empty()) return std::nullopt;
  const BlockId block = free_.back();
  free_.pop_back();
  is_free_[static_cast<size_t>(block)] = false;
  return block;
}

void BlockPool::release(BlockId block) {
  CHECK(!is_free(block));
  is_free_[static_cast<size_t>(block)] = true;
  free_.push_back(block);
}

void BlockPool::check_integrity() const {
  std::vector<bool> seen(is_free_.size(), false);
  for (const BlockId block : free_) {
    CHECK(is_free(block));
    CHECK(!seen[static_cast<size_t>(block)]);
    seen[static_cast<size_t>(block)] = true;
  }
  CHECK(std::count(is_free_.begin(), is_free_.end(), true) == num_free());
}

}  // namespace youtu
