#include "cache/block_manager.h"

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

BlockManager::BlockManager(const BlockManagerOptions& options)
    : pool_(options.num_blocks), block_size_(options.block_size) {
  CHECK(block_size_ >= 1 && block_size_ <= 128);
  if (!options.prefix_cache) return;
  tree_.emplace(tree_shape(options), options.observer);
  matched_.reserve(static_cast<size_t>(options.num_blocks));
  earlier_.reserve(static_cast<size_t>(options.num_blocks));
}

PrefixTreeShape BlockManager::tree_shape(const BlockManagerOptions& options) {
  return {.num_blocks = options.num_blocks,
          .block_size = options.block_size,
          .hash_key = options.hash_key};
}

int64_t BlockManager::planned_bytes(const BlockManagerOptions& options) {
  const int64_t pool = BlockPool::planned_bytes(options.num_blocks);
  if (!options.prefix_cache) return pool;
  return pool + PrefixTree::planned_bytes(tree_shape(options)) +
         2 * int64_t{options.num_blocks} * static_cast<int64_t>(sizeof(BlockId));
}

int64_t BlockManager::bytes() const {
  return pool_.bytes() + (tree_ ? tree_->bytes() : 0) +
         static_cast<int64_t>((matched_.capacity() + earlier_.capacity()) * sizeof(BlockId));
}

int64_t BlockManager::num_blocks_for(int64_t num_tokens) const {
  return div_ceil(num_tokens, int64_t{block_size_});
}

std::optional<BlockTable> BlockManager::admit(const SaltedTokens& tokens, int64_t max_tokens) {
  const int64_t num_tokens = static_cast<int64_t>(tokens.tokens.size());
  CHECK(num_tokens >= 1 && num_tokens <= max_tokens);
  if (tree_) tree_->match({tokens.salt, tokens.tokens.first(tokens.tokens.size() - 1)}, matched_);
  const int64_t num_matched = static_cast<int64_t>(matched_.size());
  // Matched blocks that nobody holds are available now and will not be then.
  const int64_t num_available_then = num_available() - num_unreferenced(matched_);
  if (num_blocks_for(num_tokens) - num_matched > num_available_then) return std::nullopt;
  BlockTable table = hold(matched_, max_tokens);
  CHECK(extend(table, num_tokens));
  return table;
}

int32_t BlockManager::num_unreferenced(std::span<const BlockId> path) const {
  const auto is_unreferenced = [&](BlockId block) { return tree_->num_references(block) == 0; };
  return static_cast<int32_t>(std::ranges::count_if(path, is_unreferenced));
}

BlockTable BlockManager::hold(std::span<const BlockId> path, int64_t max_tokens) {
  BlockTable table;
  table.blocks_.reserve(static_cast<size_t>(num_blocks_for(max_tokens)));
  for (const BlockId block : path) tree_->add_reference(block);
  table.blocks_.assign(path.begin(), path.end());
  table.num_published_ = path.size();
  return table;
}

std::optional<SlidTable> BlockManager::admit_slid(const SaltedTokens& tokens,
                                                  const EarlierPrompt& earlier,
                                                  int64_t max_tokens) {
  if (auto slid = admit_moved(tokens, earlier, max_tokens)) return slid;
  auto table = admit(tokens, max_tokens);
  if (!table) return std::nullopt;
  const auto num_published = static_cast<int64_t>(table->published_blocks().size());
  return SlidTable{std::move(*table), BlockTable(), num_published * block_size_};
}

// Nothing where the earlier prompt's blocks hold no more, or there are too few blocks for both.
std::optional<SlidTable> BlockManager::admit_moved(const SaltedTokens& tokens,
                                                   const EarlierPrompt& earlier,
                                                   int64_t max_tokens) {
  if (!tree_) return std::nullopt;
  const auto num_tokens = static_cast<int64_t>(tokens.tokens.size());
  tree_->match({tokens.salt, tokens.tokens.first(tokens.tokens.size() - 1)}, matched_);
  tree_->match(earlier.tokens, earlier_);
  const auto num_matched = static_cast<int64_t>(matched_.size());
  const int64_t num_computed = static_cast<int64_t>(earlier_.size()) * block_size_;
  const int64_t num_known = std::min(num_tokens - 1, earlier.num_covered(num_computed));
  if (num_known <= num_matched * block_size_) return std::nullopt;
  earlier_.resize(static_cast<size_t>(num_blocks_for(earlier.position_of(num_known - 1) + 1)));
  // The two paths may begin alike.
  const auto apart = std::ranges::mismatch(matched_, earlier_).in2 - earlier_.begin();
  const int32_t num_held =
      num_unreferenced(matched_) +
      num_unreferenced(std::span(earlier_).subspan(static_cast<size_t>(apart)));
  if (num_blocks_for(num_tokens) - num_matched > num_available() - num_held) return std::nullopt;
  BlockTable table = hold(matched_, max_tokens);
  BlockTable source = hold(earlier_, static_cast<int64_t>(earlier_.size()) * block_size_);
  CHECK(extend(table, num_tokens));
  return SlidTable{std::move(table), std::move(source), num_known};
}

bool BlockManager::extend(BlockTable& table, int64_t num_tokens) {
  const int64_t num_held = static_cast<int64_t>(table.blocks_.size());
  const int64_t num_missing = num_blocks_for(num_tokens) - num_held;
  if (num_missing > num_available()) return false;
  for (int64_t i = 0; i < num_missing; ++i) table.blocks_.push_back(take());
  return true;
}

BlockId BlockManager::take() {
  if (const auto block = pool_.allocate()) return *block;
  return *tree_->evict();
}

void BlockManager::publish(BlockTable& table, const SaltedTokens& computed) {
  const size_t num_full = computed.tokens.size() / static_cast<size_t>(block_size_);
  CHECK(num_full <= table.blocks_.size());
  if (!tree_) return;
  for (size_t& i = table.num_published_; i < num_full; ++i) {
    const BlockId parent = i == 0 ? kNoBlock : table.blocks_[i - 1];
    const BlockId own = table.blocks_[i];
    const auto tokens = computed.tokens.first((i + 1) * static_cast<size_t>(block_size_));
    table.blocks_[i] = tree_->publish(parent, {computed.salt, tokens}, own);
    if (table.blocks_[i] != own) pool_.release(own);
  }
}

void BlockManager::release(BlockTable& table) {
  // From the end: the tree asks for it, and the free list hands the same blocks out in the same
  // order again.
  while (!table.blocks_.empty()) {
    const BlockId block = table.blocks_.back();
    if (table.blocks_.size() > table.num_published_) {
      pool_.release(block);
    } else {
      tree_->release(block);
      --table.num_published_;
    }
    table.blocks_.pop_back();
  }
}

void BlockManager::check_integrity(std::span<const BlockTable* const> tables) const {
  pool_.check_integrity();
  if (tree_) tree_->check_integrity();
  std::vector<int32_t> num_entries(static_cast<size_t>(num_blocks()), 0);
  int32_t num_own = 0;
  for (const BlockTable* table : tables) {
    BlockId parent = kNoBlock;
    for (const BlockId block : table->published_blocks()) {
      CHECK(tree_->parent(block) == parent);
      ++num_entries[static_cast<size_t>(block)];
      parent = block;
    }
    for (const BlockId block : table->blocks().subspan(table->published_blocks().size())) {
      CHECK(!pool_.is_free(block) && !(tree_ && tree_->contains(block)));
      CHECK(++num_entries[static_cast<size_t>(block)] == 1);
      ++num_own;
    }
  }
  int32_t num_in_tree = 0;
  for (BlockId block = 0; tree_ && block < num_blocks(); ++block) {
    if (!tree_->contains(block)) continue;
    CHECK(!pool_.is_free(block));
    CHECK(tree_->num_references(block) == num_entries[static_cast<size_t>(block)]);
    ++num_in_tree;
  }
  CHECK(num_free() + num_own + num_in_tree == num_blocks());
}

}  // namespace youtu
