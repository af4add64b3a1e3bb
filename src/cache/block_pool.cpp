#include "cache/block_pool.h"

#include "base/check.h"

namespace youtu {

BlockPool::BlockPool(int32_t num_blocks) {
  CHECK(num_blocks >= 1 && num_blocks <= kMaxBlocks);
  references_.assign(static_cast<size_t>(num_blocks), 0);
  free_.reserve(static_cast<size_t>(num_blocks));
  for (BlockId block = num_blocks - 1; block >= 0; --block) free_.push_back(block);
}

int32_t BlockPool::num_references(BlockId block) const {
  CHECK(block >= 0 && block < num_blocks());
  return references_[static_cast<size_t>(block)];
}

std::optional<BlockId> BlockPool::allocate() {
  if (free_.empty()) return std::nullopt;
  const BlockId block = free_.back();
  free_.pop_back();
  references_[static_cast<size_t>(block)] = 1;
  return block;
}

void BlockPool::add_reference(BlockId block) {
  CHECK(num_references(block) > 0);
  ++references_[static_cast<size_t>(block)];
}

void BlockPool::release(BlockId block) {
  CHECK(num_references(block) > 0);
  if (--references_[static_cast<size_t>(block)] == 0) free_.push_back(block);
}

int64_t BlockPool::check_integrity() const {
  std::vector<bool> is_free(references_.size(), false);
  for (const BlockId block : free_) {
    CHECK(num_references(block) == 0);
    CHECK(!is_free[static_cast<size_t>(block)]);
    is_free[static_cast<size_t>(block)] = true;
  }
  int64_t num_references = 0;
  for (size_t block = 0; block < references_.size(); ++block) {
    CHECK(references_[block] >= 0);
    CHECK((references_[block] == 0) == is_free[block]);
    num_references += references_[block];
  }
  return num_references;
}

}  // namespace youtu
