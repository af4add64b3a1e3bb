// How much of a prompt is cached, told to any thread without asking the engine's: hashes of what
// the prefix tree holds, written by the one and read by the others. It may be a step late, and two
// prefixes may fall on one place, so it is an estimate; the tree decides.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cache/prefix_tree.h"

namespace youtu {

class PrefixSketch final : public PrefixObserver {
 public:
  // REQUIRES: the shape is that of the tree.
  explicit PrefixSketch(const PrefixTreeShape& shape);

  // What it holds, and what one of that shape would.
  int64_t bytes() const;
  static int64_t planned_bytes(const PrefixTreeShape& shape);

  // Engine thread.
  void on_publish(BlockId block, BlockId parent, const SaltedTokens& edge) override;
  void on_evict(BlockId block) override;

  // Of the tokens at the beginning of `prompt`, those in full blocks that are cached. The last
  // token is never among them, because somebody wants its logits. Any thread.
  int64_t num_cached_tokens(const SaltedTokens& prompt) const;

 private:
  static constexpr uint64_t kNothing = 0;

  static size_t num_places(const PrefixTreeShape& shape);
  uint64_t first_path(std::string_view salt) const;
  static uint64_t extend(uint64_t path, std::span<const TokenId> tokens);
  const std::atomic<uint64_t>& place(uint64_t path) const {
    return places_[path & (places_.size() - 1)];
  }
  std::atomic<uint64_t>& place(uint64_t path) { return places_[path & (places_.size() - 1)]; }

  size_t block_size_;
  uint64_t hash_key_;
  std::vector<uint64_t> paths_;                // [num_blocks] hashes of all tokens up to their ends
  std::vector<std::atomic<uint64_t>> places_;  // the same by their last bits, or kNothing
};

}  // namespace youtu
