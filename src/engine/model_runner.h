// Computes a planned step: lays out its index arrays, runs the executor, samples a token for each
// sequence that wants one. It reads sequences and changes none.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/step.h"
#include "engine/step_executor.h"
#include "grammar/format_cursor.h"
#include "sampling/logprob_reader.h"
#include "sampling/sampler.h"
#include "sampling/sampling_trace.h"

namespace youtu {

// Engine thread only. Nothing is allocated inside a step, but for sequences with a format, whose
// masks are made when they are first needed.
class ModelRunner {
 public:
  // REQUIRES: `executor` outlives the runner, and takes kMaxStepDraftTokens rows of logits more
  // than max_batch_size. The other two bound every plan.
  ModelRunner(StepExecutor& executor, int32_t max_batch_size, int32_t max_step_tokens);

  // Of its arrays and the sampler's scratch: what it holds, and what one of that size would.
  int64_t bytes() const;
  static int64_t planned_bytes(int32_t vocab_size, int32_t max_batch_size, int32_t max_step_tokens);

  // Valid until the next call.
  const StepResult& run(const StepPlan& plan);

 private:
  void slide(const PlannedSlide& planned);
  void move(const PlannedSlide& planned, int64_t begin, int64_t end);
  void lay_out(const StepPlan& plan);
  void lay_out_sequence(const PlannedSequence& planned);
  void sample(const StepPlan& plan);
  // `first_row` is the first of its rows of logits.
  void sample_sequence(const PlannedSequence& planned, int32_t first_row, StepOutcome& outcome);
  LogitRow logit_row(int32_t row);
  Result<std::span<const TokenId>> restrict_logits(const Sequence& sequence, int32_t num_draft,
                                                   FormatCursor& cursor, std::span<float> logits);
  Result<TokenId> draw(const Sequence& sequence, int32_t num_draft, FormatCursor& cursor,
                       LogitRow row);
  Status explain(const Sequence& sequence, int32_t num_draft, FormatCursor& cursor,
                 std::span<float> logits, TokenId drawn);
  void explain_forced(const Sequence& sequence, TokenId forced);

  // How many elements the arrays have room for.
  struct Room {
    Room(int32_t vocab_size, int32_t max_batch_size, int32_t max_step_tokens);
    int64_t bytes() const;
    size_t tokens, sequences, rows, logits;
  };

  StepExecutor& executor_;
  Sampler sampler_;
  LogprobReader logprob_reader_;
  std::vector<TokenId> token_ids_;     // [T]
  std::vector<int32_t> positions_;     // [T]
  std::vector<int32_t> slot_mapping_;  // [T]
  std::vector<SequenceSlice> slices_;  // [S]
  std::vector<int32_t> logit_rows_;    // [rows]
  std::vector<LatentMove> moves_;      // [T]
  std::vector<float> logits_;          // [max_batch_size + kMaxStepDraftTokens, vocab_size]
  StepResult result_;
};

}  // namespace youtu
