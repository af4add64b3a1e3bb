#include "bench/bench_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace youtu {

namespace {

// Slots are numbered in 32 bits; half of them leaves room for sums.
constexpr int64_t kMostBlocks = INT32_MAX / kBlockSize / 2;

std::string why_skipped(const BenchCase& c, const BenchRoom& room) {
  if (c.length() > room.max_positions) {
    return fmt::format("{} tokens exceed the model's max_position_embeddings of {}", c.length(),
                       room.max_positions);
  }
  if (c.num_blocks() > kMostBlocks) {
    return fmt::format("the cache would have {} blocks (at most {})", c.num_blocks(), kMostBlocks);
  }
  const int64_t bytes = c.num_blocks() * room.block_bytes;
  if (room.cache_bytes && bytes > *room.cache_bytes) {
    return fmt::format("the cache would take {} MiB of memory, {} MiB are free", bytes >> 20,
                       *room.cache_bytes >> 20);
  }
  return {};
}

}  // namespace

std::string name_of(const BenchCase& c) {
  if (c.kind == BenchKind::kPrompt) return fmt::format("prompt of {}", c.tokens);
  return fmt::format("{} sequence{} at {}", c.batch, c.batch == 1 ? "" : "s", c.depth);
}

std::vector<BenchCase> plan_cases(const BenchOptions& options, const BenchRoom& room) {
  std::vector<BenchCase> cases;
  for (const int32_t prompt : options.prompts) {
    if (prompt > 0) cases.push_back({.kind = BenchKind::kPrompt, .tokens = prompt});
  }
  for (const int32_t depth : options.depths) {
    for (const int32_t batch : options.batches) {
      if (batch > 0) cases.push_back({.batch = batch, .depth = depth, .tokens = options.tokens});
    }
  }
  for (BenchCase& c : cases) c.skipped = why_skipped(c, room);
  return cases;
}

int64_t most_blocks(const std::vector<BenchCase>& cases) {
  int64_t most = 0;
  for (const BenchCase& c : cases) {
    if (c.skipped.empty()) most = std::max(most, c.num_blocks());
  }
  return most;
}

}  // namespace youtu
