// What `youtu bench` measures: the cases that its options ask for, and which of them this model and
// this machine have no room for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/batch_view.h"
#include "base/numbers.h"

namespace youtu {

struct BenchOptions {
  std::vector<int32_t> prompts = {512, 4096};            // tokens; 0 asks for nothing
  std::vector<int32_t> batches = {1, 2, 4, 8, 16};       // sequences; 0 likewise
  std::vector<int32_t> depths = {0, 1024, 4096, 16384};  // tokens of context before the first step
  int32_t tokens = 16;  // that each sequence of a generation case produces
  int32_t repetitions = 5;
};

enum class BenchKind : uint8_t { kPrompt, kGenerate };

struct BenchCase {
  BenchKind kind = BenchKind::kGenerate;
  int32_t batch = 1;         // sequences
  int32_t depth = 0;         // tokens of each that are in the cache beforehand
  int32_t tokens = 0;        // that are computed for each
  std::string skipped = {};  // why it cannot be measured; empty where it can

  int64_t length() const { return int64_t{depth} + tokens; }
  int64_t num_tokens() const { return int64_t{batch} * tokens; }
  int64_t num_blocks() const { return batch * div_ceil(length(), int64_t{kBlockSize}); }
  bool operator==(const BenchCase&) const = default;
};

// "prompt of 512", "8 sequences at 4096"
std::string name_of(const BenchCase& bench_case);

struct BenchRoom {
  int64_t max_positions = 0;           // max_position_embeddings
  int64_t block_bytes = 0;             // of the latent cache, over all layers
  std::optional<int64_t> cache_bytes;  // that the machine has for it; nothing: unknown
};

// Prompts in the order of the options, then for each depth all batches. Cases without room are
// among them and say so.
std::vector<BenchCase> plan_cases(const BenchOptions& options, const BenchRoom& room);

// Blocks of the largest case that is measured; 0 where none is.
int64_t most_blocks(const std::vector<BenchCase>& cases);

}  // namespace youtu
