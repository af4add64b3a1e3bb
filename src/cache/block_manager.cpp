#include "cache/block_manager.h"

#include <vector>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

BlockManager::BlockManager(int32_t num_blocks, int32_t block_size)
    : pool_(num_blocks), block_size_(block_size) {
  CHECK(block_size >= 1 && block_size <= 128);
}

int64_t BlockManager::num_blocks_for(int64_t num_tokens) const {
  return div_ceil(num_tokens, int64_t{block_size_});
}

std::optional<BlockTable> BlockManager::admit(int64_t num_tokens, int64_t max_tokens) {
  CHECK(num_tokens >= 0 && num_tokens <= max_tokens);
  if (num_blocks_for(num_tokens) > num_free()) return std::nullopt;
  BlockTable table;
  table.blocks_.reserve(static_cast<size_t>(num_blocks_for(max_tokens)));
  CHECK(extend(table, num_tokens));
  return table;
}

bool BlockManager::extend(BlockTable& table, int64_t num_tokens) {
  const int64_t num_held = static_cast<int64_t>(table.blocks_.size());
  const int64_t num_missing = num_blocks_for(num_tokens) - num_held;
  if (num_missing > num_free()) return false;
  for (int64_t i = 0; i < num_missing; ++i) table.blocks_.push_back(*pool_.allocate());
  return true;
}

void BlockManager::release(BlockTable& table) {
  // From the end, so that the free list hands the same blocks out in the same order again.
  while (!table.blocks_.empty()) {
    pool_.release(table.blocks_.back());
    table.blocks_.pop_back();
  }
}

void BlockManager::check_integrity(std::span<const BlockTable* const> tables) const {
  const int64_t num_references = pool_.check_integrity();
  std::vector<int32_t> num_entries(static_cast<size_t>(num_blocks()), 0);
  int64_t num_table_entries = 0;
  for (const BlockTable* table : tables) {
    for (const BlockId block : table->blocks()) {
      CHECK(block >= 0 && block < num_blocks());
      const int32_t entries = ++num_entries[static_cast<size_t>(block)];
      CHECK(entries <= pool_.num_references(block));
      ++num_table_entries;
    }
  }
  CHECK(num_table_entries == num_references);
}

}  // namespace youtu
