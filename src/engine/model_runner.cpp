#include "engine/model_runner.h"

#include "base/check.h"
#include "engine/sequence.h"

namespace youtu {

ModelRunner::ModelRunner(StepExecutor& executor, int32_t max_batch_size, int32_t max_step_tokens)
    : executor_(executor), sampler_(executor.vocab_size()) {
  const size_t batch = static_cast<size_t>(max_batch_size);
  const size_t step_tokens = static_cast<size_t>(max_step_tokens);
  token_ids_.reserve(step_tokens);
  positions_.reserve(step_tokens);
  slot_mapping_.reserve(step_tokens);
  slices_.reserve(batch);
  logit_rows_.reserve(batch);
  logits_.resize(batch * static_cast<size_t>(executor.vocab_size()));
  result_.outcomes.reserve(batch);
}

const StepResult& ModelRunner::run(const StepPlan& plan) {
  CHECK(!plan.is_empty());
  lay_out(plan);
  const BatchView batch = {.token_ids = token_ids_,
                           .positions = positions_,
                           .slot_mapping = slot_mapping_,
                           .sequences = slices_,
                           .logit_rows = logit_rows_};
  const size_t num_logits = logit_rows_.size() * static_cast<size_t>(executor_.vocab_size());
  CHECK(num_logits <= logits_.size());
  const Status status = executor_.forward(batch, std::span(logits_).first(num_logits));
  result_.outcomes.assign(plan.sequences.size(), {.token = -1, .status = status});
  if (status.is_ok()) sample(plan);
  return result_;
}

void ModelRunner::lay_out(const StepPlan& plan) {
  CHECK(static_cast<size_t>(plan.num_tokens) <= token_ids_.capacity());
  token_ids_.clear();
  positions_.clear();
  slot_mapping_.clear();
  slices_.clear();
  logit_rows_.clear();
  for (const PlannedSequence& planned : plan.sequences) {
    lay_out_sequence(planned);
    if (planned.wants_token) logit_rows_.push_back(static_cast<int32_t>(token_ids_.size()) - 1);
  }
}

void ModelRunner::lay_out_sequence(const PlannedSequence& planned) {
  const Sequence& sequence = *planned.sequence;
  const int32_t begin = static_cast<int32_t>(sequence.num_computed_tokens());
  const int32_t end = begin + planned.num_new_tokens;
  const std::span<const BlockId> blocks = sequence.block_table().blocks();
  CHECK(end <= sequence.num_tokens());
  CHECK(static_cast<size_t>(end) <= blocks.size() * size_t{kBlockSize});
  slices_.push_back({.query_start = static_cast<int32_t>(token_ids_.size()),
                     .num_queries = planned.num_new_tokens,
                     .context_length = end,
                     .block_table = blocks});
  for (int32_t position = begin; position < end; ++position) {
    token_ids_.push_back(sequence.tokens()[static_cast<size_t>(position)]);
    positions_.push_back(position);
    const BlockId block = blocks[static_cast<size_t>(position / kBlockSize)];
    slot_mapping_.push_back(block * kBlockSize + position % kBlockSize);
  }
}

void ModelRunner::sample(const StepPlan& plan) {
  const size_t vocab_size = static_cast<size_t>(executor_.vocab_size());
  size_t row = 0;
  for (size_t i = 0; i < plan.sequences.size(); ++i) {
    if (!plan.sequences[i].wants_token) continue;
    const Sequence& sequence = *plan.sequences[i].sequence;
    const auto logits = std::span(logits_).subspan(row++ * vocab_size, vocab_size);
    const auto token =
        sampler_.sample(logits, sequence.sampling(), sequence.history(), sequence.seed());
    if (token) {
      result_.outcomes[i].token = *token;
    } else {
      result_.outcomes[i].status = token.status();
    }
  }
}

}  // namespace youtu
