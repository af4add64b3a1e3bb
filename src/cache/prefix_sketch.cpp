#include "cache/prefix_sketch.h"

#include <bit>

#include "base/check.h"
#include "base/rng.h"

namespace youtu {

PrefixSketch::PrefixSketch(const PrefixTreeShape& shape)
    : block_size_(static_cast<size_t>(shape.block_size)),
      hash_key_(shape.hash_key),
      paths_(static_cast<size_t>(shape.num_blocks), kNothing),
      places_(num_places(shape)) {}

// Most of them stay empty, so that few prefixes fall on one place.
size_t PrefixSketch::num_places(const PrefixTreeShape& shape) {
  return std::bit_ceil(4 * static_cast<size_t>(shape.num_blocks));
}

int64_t PrefixSketch::planned_bytes(const PrefixTreeShape& shape) {
  return static_cast<int64_t>((static_cast<size_t>(shape.num_blocks) + num_places(shape)) *
                              sizeof(uint64_t));
}

int64_t PrefixSketch::bytes() const {
  return static_cast<int64_t>((paths_.capacity() + places_.capacity()) * sizeof(uint64_t));
}

uint64_t PrefixSketch::first_path(std::string_view salt) const {
  uint64_t path = random_bits(hash_key_, salt.size());
  for (const char byte : salt) path = random_bits(path, static_cast<unsigned char>(byte));
  return path;
}

uint64_t PrefixSketch::extend(uint64_t path, std::span<const TokenId> tokens) {
  for (const TokenId token : tokens) {
    path = (path ^ static_cast<uint64_t>(token)) * 0xff51afd7ed558ccdu;  // of MurmurHash3's finish
    path ^= path >> 32;
  }
  return path == kNothing ? 1 : path;
}

void PrefixSketch::on_publish(BlockId block, BlockId parent, const SaltedTokens& edge) {
  const uint64_t before =
      parent == kNoBlock ? first_path(edge.salt) : paths_.at(static_cast<size_t>(parent));
  const uint64_t path = extend(before, edge.tokens);
  paths_.at(static_cast<size_t>(block)) = path;
  place(path).store(path, std::memory_order_relaxed);
}

void PrefixSketch::on_evict(BlockId block) {
  const uint64_t path = paths_.at(static_cast<size_t>(block));
  std::atomic<uint64_t>& held = place(path);
  // Another prefix may have taken the place.
  if (held.load(std::memory_order_relaxed) == path) held.store(kNothing, std::memory_order_relaxed);
}

// The tree holds whole paths, so the longest that is found speaks for those before it, which may
// have lost their places to others.
int64_t PrefixSketch::num_cached_tokens(const SaltedTokens& prompt) const {
  CHECK(!prompt.tokens.empty());
  const size_t most = prompt.tokens.size() - 1;
  uint64_t path = first_path(prompt.salt);
  size_t longest = 0;
  for (size_t end = block_size_; end <= most; end += block_size_) {
    path = extend(path, prompt.tokens.subspan(end - block_size_, block_size_));
    if (place(path).load(std::memory_order_relaxed) == path) longest = end;
  }
  return static_cast<int64_t>(longest);
}

}  // namespace youtu
