#include "engine/model_runner.h"

#include <algorithm>

#include "base/check.h"
#include "engine/sequence.h"
#include "grammar/compiled_format.h"

namespace youtu {

ModelRunner::ModelRunner(StepExecutor& executor, int32_t max_batch_size, int32_t max_step_tokens)
    : executor_(executor), sampler_(executor.vocab_size()), logprob_reader_(executor.vocab_size()) {
  const Room room(executor.vocab_size(), max_batch_size, max_step_tokens);
  token_ids_.reserve(room.tokens);
  positions_.reserve(room.tokens);
  slot_mapping_.reserve(room.tokens);
  slices_.reserve(room.sequences);
  logit_rows_.reserve(room.rows);
  moves_.reserve(room.tokens);
  logits_.resize(room.logits);
  result_.outcomes.reserve(room.sequences);
  result_.logprobs.reserve(room.rows);
  result_.explanations.reserve(room.rows);
}

ModelRunner::Room::Room(int32_t vocab_size, int32_t max_batch_size, int32_t max_step_tokens)
    : tokens(static_cast<size_t>(max_step_tokens)),
      sequences(static_cast<size_t>(max_batch_size)),
      rows(sequences + size_t{kMaxStepDraftTokens}),
      logits(rows * static_cast<size_t>(vocab_size)) {}

int64_t ModelRunner::Room::bytes() const {
  return static_cast<int64_t>(
      tokens * (sizeof(TokenId) + 2 * sizeof(int32_t) + sizeof(LatentMove)) +
      sequences * (sizeof(SequenceSlice) + sizeof(StepOutcome)) +
      rows * (sizeof(int32_t) + sizeof(TokenLogprobs) + sizeof(TokenExplanation)) +
      logits * sizeof(float));
}

int64_t ModelRunner::planned_bytes(int32_t vocab_size, int32_t max_batch_size,
                                   int32_t max_step_tokens) {
  return Room(vocab_size, max_batch_size, max_step_tokens).bytes() +
         Sampler::planned_bytes(vocab_size) + LogprobReader::planned_bytes(vocab_size);
}

int64_t ModelRunner::bytes() const {
  const size_t arrays =
      token_ids_.capacity() * sizeof(TokenId) +
      (positions_.capacity() + slot_mapping_.capacity() + logit_rows_.capacity()) *
          sizeof(int32_t) +
      slices_.capacity() * sizeof(SequenceSlice) + moves_.capacity() * sizeof(LatentMove) +
      logits_.capacity() * sizeof(float) + result_.outcomes.capacity() * sizeof(StepOutcome) +
      result_.logprobs.capacity() * sizeof(TokenLogprobs) +
      result_.explanations.capacity() * sizeof(TokenExplanation);
  return static_cast<int64_t>(arrays) + sampler_.bytes() + logprob_reader_.bytes();
}

const StepResult& ModelRunner::run(const StepPlan& plan) {
  CHECK(!plan.is_empty());
  for (const PlannedSlide& planned : plan.slides) slide(planned);
  lay_out(plan);
  const BatchView batch = {.token_ids = token_ids_,
                           .positions = positions_,
                           .slot_mapping = slot_mapping_,
                           .sequences = slices_,
                           .logit_rows = logit_rows_};
  const size_t num_logits = logit_rows_.size() * static_cast<size_t>(executor_.vocab_size());
  CHECK(num_logits <= logits_.size());
  const Status status = executor_.forward(batch, std::span(logits_).first(num_logits));
  result_.outcomes.assign(plan.sequences.size(), {.status = status});
  result_.logprobs.clear();
  result_.explanations.clear();
  if (status.is_ok()) sample(plan);
  return result_;
}

// What is pinned stays at its positions, the rest goes back by what was dropped.
void ModelRunner::slide(const PlannedSlide& planned) {
  const int64_t pinned_end = std::clamp(planned.earlier.num_pinned, planned.begin, planned.end);
  move(planned, planned.begin, pinned_end);
  move(planned, pinned_end, planned.end);
}

// REQUIRES: all of the positions are pinned, or none.
void ModelRunner::move(const PlannedSlide& planned, int64_t begin, int64_t end) {
  const auto slot = [](std::span<const BlockId> blocks, int64_t position) {
    return blocks[static_cast<size_t>(position / kBlockSize)] * kBlockSize +
           static_cast<int32_t>(position % kBlockSize);
  };
  const auto shift = static_cast<int32_t>(begin - planned.earlier.position_of(begin));
  const auto most = static_cast<int64_t>(moves_.capacity());
  for (int64_t first = begin; first < end; first += most) {
    moves_.clear();
    for (int64_t position = first; position < std::min(end, first + most); ++position) {
      moves_.push_back({.from_slot = slot(planned.source, planned.earlier.position_of(position)),
                        .to_slot = slot(planned.table, position)});
    }
    executor_.move_latents(moves_, shift);
  }
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
    if (!planned.wants_token) continue;
    for (int32_t row = planned.num_draft_tokens; row >= 0; --row) {
      logit_rows_.push_back(static_cast<int32_t>(token_ids_.size()) - 1 - row);
    }
  }
}

void ModelRunner::lay_out_sequence(const PlannedSequence& planned) {
  const Sequence& sequence = *planned.sequence;
  const int32_t begin = static_cast<int32_t>(sequence.num_computed_tokens());
  const int32_t end = begin + planned.num_rows();
  const std::span<const TokenId> tokens = sequence.history(planned.num_draft_tokens).tokens;
  const std::span<const BlockId> blocks = sequence.block_table().blocks();
  CHECK(static_cast<size_t>(end) <= tokens.size());
  CHECK(static_cast<size_t>(end) <= blocks.size() * size_t{kBlockSize});
  slices_.push_back({.query_start = static_cast<int32_t>(token_ids_.size()),
                     .num_queries = planned.num_rows(),
                     .context_length = end,
                     .block_table = blocks});
  for (int32_t position = begin; position < end; ++position) {
    token_ids_.push_back(tokens[static_cast<size_t>(position)]);
    positions_.push_back(position);
    const BlockId block = blocks[static_cast<size_t>(position / kBlockSize)];
    slot_mapping_.push_back(block * kBlockSize + position % kBlockSize);
  }
}

void ModelRunner::sample(const StepPlan& plan) {
  int32_t first_row = 0;
  for (size_t i = 0; i < plan.sequences.size(); ++i) {
    const PlannedSequence& planned = plan.sequences[i];
    if (!planned.wants_token) continue;
    sample_sequence(planned, first_row, result_.outcomes[i]);
    first_row += planned.num_draft_tokens + 1;
  }
}

// Draws after the last token, and on as long as what was drawn is what was guessed: the rows behind
// a wrong guess were computed for another text. Each draw is the one that a step of its own would
// have made, so guessing changes nothing but the time. Where the budget of a thought is used up
// nothing is drawn: what is written then is known.
void ModelRunner::sample_sequence(const PlannedSequence& planned, int32_t first_row,
                                  StepOutcome& outcome) {
  const Sequence& sequence = *planned.sequence;
  const std::span<const TokenId> draft = sequence.draft();
  const std::optional<int32_t> num_ranked = sequence.sampling().top_logprobs;
  const bool is_explained = sequence.sampling().explain_tokens > 0;
  if (num_ranked) outcome.first_logprobs = static_cast<int32_t>(result_.logprobs.size());
  if (is_explained) outcome.first_explanation = static_cast<int32_t>(result_.explanations.size());
  FormatCursor format_cursor = sequence.format_cursor();
  OutlineCursor outline_cursor = sequence.outline_cursor();
  for (int32_t i = 0; i <= planned.num_draft_tokens; ++i) {
    const LogitRow row = logit_row(first_row + i);
    if (num_ranked || is_explained) logprob_reader_.read(row.logits);
    const std::optional<TokenId> forced = sequence.outline().forced_token(outline_cursor);
    const auto token = forced ? Result<TokenId>(*forced) : draw(sequence, i, format_cursor, row);
    Status status = token.status();
    if (is_explained && forced) {
      explain_forced(sequence, *forced);
    } else if (is_explained && token) {
      status = explain(sequence, i, format_cursor, row.logits, *token);
    }
    if (!status) {
      // What was drawn before it stands; the next step comes here again.
      if (i == 0) outcome.status = status;
      return;
    }
    if (num_ranked) result_.logprobs.push_back(logprob_reader_.of(*token, *num_ranked));
    outcome.sampled[static_cast<size_t>(outcome.num_sampled++)] = *token;
    if (i < planned.num_draft_tokens && *token != draft[static_cast<size_t>(i)]) return;
    sequence.outline().follow(outline_cursor, *token);
  }
}

LogitRow ModelRunner::logit_row(int32_t row) {
  const auto vocab_size = static_cast<size_t>(executor_.vocab_size());
  return {std::span(logits_).subspan(static_cast<size_t>(row) * vocab_size, vocab_size),
          executor_.block_maxima(row)};
}

// Masks what the format does not allow after `num_draft` guesses that were right; up to there
// `cursor` follows it. Returns what is banned beside it: a format says itself where an answer may
// end, so it has no use for the ban on early ends.
Result<std::span<const TokenId>> ModelRunner::restrict_logits(const Sequence& sequence,
                                                              int32_t num_draft,
                                                              FormatCursor& cursor,
                                                              std::span<float> logits) {
  CompiledFormat* format = sequence.format();
  if (!format) return sequence.banned_tokens(num_draft);
  format->follow(cursor, sequence.history(num_draft).completion());
  const auto mask = format->mask(cursor);
  RETURN_IF_ERROR(mask);
  (*mask)->apply(logits);
  return std::span<const TokenId>();
}

Result<TokenId> ModelRunner::draw(const Sequence& sequence, int32_t num_draft, FormatCursor& cursor,
                                  LogitRow row) {
  const auto banned = restrict_logits(sequence, num_draft, cursor, row.logits);
  RETURN_IF_ERROR(banned);
  if (sequence.format()) row.maxima = {};  // its mask was laid over all of them
  return sampler_.sample(row, sequence.sampling(), sequence.history(num_draft), sequence.seed(),
                         *banned);
}

// Goes the sampler's way once more over the row as it was, now watched: whoever asks for no
// explanation pays nothing for those who do, and an explained answer is the same.
Status ModelRunner::explain(const Sequence& sequence, int32_t num_draft, FormatCursor& cursor,
                            std::span<float> logits, TokenId drawn) {
  std::ranges::copy(logprob_reader_.logits(), logits.begin());
  SamplingTrace trace(logprob_reader_.of(drawn, sequence.sampling().explain_tokens));
  const auto banned = restrict_logits(sequence, num_draft, cursor, logits);
  RETURN_IF_ERROR(banned);
  if (sequence.format()) trace.after(SamplerStage::kOutputFormat, logits);
  const auto candidates = sampler_.candidates(logits, sequence.sampling(),
                                              sequence.history(num_draft), *banned, &trace);
  RETURN_IF_ERROR(candidates);
  result_.explanations.push_back(trace.explanation());
  return Status::ok();
}

void ModelRunner::explain_forced(const Sequence& sequence, TokenId forced) {
  SamplingTrace trace(logprob_reader_.of(forced, sequence.sampling().explain_tokens));
  trace.after(SamplerStage::kThinkingTokenBudget, forced);
  result_.explanations.push_back(trace.explanation());
}

}  // namespace youtu
