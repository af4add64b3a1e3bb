#include "bench/step_layout.h"

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

void StepLayout::begin(int32_t num_sequences, int32_t length) {
  CHECK(num_sequences > 0 && length > 0);
  num_sequences_ = num_sequences;
  blocks_each_ = div_ceil(length, kBlockSize);
  block_tables_.clear();
  for (int32_t s = 0; s < num_sequences; ++s) {
    for (int32_t i = 0; i < blocks_each_; ++i) block_tables_.push_back(i * num_sequences + s);
  }
}

const BatchView& StepLayout::lay_out(const StepShape& shape, std::span<const TokenId> token_ids) {
  const int32_t end = shape.begin + shape.num_tokens;
  CHECK(shape.num_tokens > 0 && end <= blocks_each_ * kBlockSize);
  CHECK(token_ids.size() ==
        static_cast<size_t>(num_sequences_) * static_cast<size_t>(shape.num_tokens));
  positions_.clear();
  slot_mapping_.clear();
  logit_rows_.clear();
  sequences_.clear();
  const auto blocks_each = static_cast<size_t>(blocks_each_);
  for (int32_t s = 0; s < num_sequences_; ++s) {
    const std::span<const int32_t> blocks =
        std::span(block_tables_).subspan(static_cast<size_t>(s) * blocks_each, blocks_each);
    sequences_.push_back({.query_start = s * shape.num_tokens,
                          .num_queries = shape.num_tokens,
                          .context_length = end,
                          .block_table = blocks});
    for (int32_t position = shape.begin; position < end; ++position) {
      positions_.push_back(position);
      const int32_t block = blocks[static_cast<size_t>(position / kBlockSize)];
      slot_mapping_.push_back(block * kBlockSize + position % kBlockSize);
    }
    if (shape.wants_logits) logit_rows_.push_back((s + 1) * shape.num_tokens - 1);
  }
  batch_ = {.token_ids = token_ids,
            .positions = positions_,
            .slot_mapping = slot_mapping_,
            .sequences = sequences_,
            .logit_rows = logit_rows_};
  return batch_;
}

}  // namespace youtu
