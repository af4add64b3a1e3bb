// The engine's running copy of a request. It is two counters: how many tokens it has, and for how
// many of them the latents are in the cache. Reading a prompt, chunk by chunk, decoding, and
// starting over after a preemption are all the second catching up with the first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cache/block_table.h"
#include "cache/earlier_prompt.h"
#include "engine/completion_outline.h"
#include "engine/completion_text.h"
#include "engine/generation_stream.h"
#include "engine/prompt_lookup.h"
#include "engine/request_timeline.h"
#include "grammar/format_cursor.h"
#include "sampling/loop_detector.h"
#include "sampling/penalties.h"
#include "youtu/generation.h"

namespace youtu {

class CompiledFormat;

// Built by the thread that submits, then touched by the engine's thread only. All its arrays are
// sized when it is built. What happens to it is staged and reaches the reader with publish().
class Sequence {
 public:
  // REQUIRES: the request is valid, `end_tokens` outlives the sequence.
  Sequence(GenerationRequest request, uint64_t seed, std::span<const TokenId> end_tokens,
           CompletionText text, std::shared_ptr<BoundedGenerationStream> stream,
           TimePoint arrival = TimePoint());

  RequestId id() const { return stream_->id(); }
  const SamplingParams& sampling() const { return sampling_; }
  // With whom it shares what is computed of it.
  const std::string& prefix_salt() const { return prefix_salt_; }
  // What may be moved instead of computed; nothing if there is none.
  std::optional<EarlierPrompt> earlier_prompt() const;
  const std::string& client() const { return client_; }
  int priority() const { return priority_; }
  // Its number in the order in which the scheduler was given sequences.
  int64_t ticket() const { return ticket_; }
  void set_ticket(int64_t ticket) { ticket_ = ticket; }
  uint64_t seed() const { return seed_; }
  // What form the completion must have; nullptr is none. It has been followed to the cursor, which
  // is behind the last token that was appended.
  void set_format(std::shared_ptr<CompiledFormat> format) { format_ = std::move(format); }
  CompiledFormat* format() const { return format_.get(); }
  const FormatCursor& format_cursor() const { return format_cursor_; }
  // The parts of the completion; it has been followed likewise. REQUIRES: it has no tokens yet.
  void set_outline(CompletionOutline outline) {
    outline_ = std::move(outline);
    outline_cursor_ = outline_.start();
  }
  const CompletionOutline& outline() const { return outline_; }
  const OutlineCursor& outline_cursor() const { return outline_cursor_; }
  std::span<const TokenId> tokens() const { return std::span(tokens_).first(num_tokens_); }
  // What the sampler looks back on for the token after `num_draft` guesses.
  TokenHistory history(int32_t num_draft = 0) const {
    return {std::span(tokens_).first(num_tokens_ + static_cast<size_t>(num_draft)),
            num_prompt_tokens_};
  }

  // What may not be drawn after `num_draft` guesses: the ends, while it is too short for one.
  std::span<const TokenId> banned_tokens(int32_t num_draft) const;

  int64_t num_tokens() const { return static_cast<int64_t>(num_tokens_); }
  int64_t num_computed_tokens() const { return num_computed_tokens_; }
  int64_t num_uncomputed_tokens() const { return num_tokens() - num_computed_tokens_; }
  int64_t num_prompt_tokens() const { return static_cast<int64_t>(num_prompt_tokens_); }
  // Of the prompt, those found in the prefix cache when the sequence first began.
  int64_t num_cached_tokens() const { return num_cached_tokens_.value_or(0); }
  // Of these, those that were moved to new positions for it.
  int64_t num_rotated_tokens() const { return num_rotated_tokens_; }
  // What was thought, when it came, that it would find.
  int64_t expected_cached_tokens() const { return expected_cached_tokens_; }
  void expect_cached_tokens(int64_t count) { expected_cached_tokens_ = count; }
  // Whether it has ever been running.
  bool has_begun() const { return num_cached_tokens_.has_value(); }
  int64_t num_completion_tokens() const { return num_tokens() - num_prompt_tokens(); }
  // The most tokens that it can come to have.
  int64_t max_tokens() const { return num_prompt_tokens() + sampling_.max_new_tokens; }

  BlockTable& block_table() { return block_table_; }
  const BlockTable& block_table() const { return block_table_; }

  bool is_cancelled() const { return stream_->is_cancelled(); }
  // Whether it should wait for its reader.
  bool is_reader_behind() const { return stream_->is_reader_behind(); }
  bool is_expired(TimePoint now) const { return deadline_ && now >= *deadline_; }
  bool is_finished() const { return finish_reason_ != FinishReason::kNone; }

  // It begins, or begins again, with the first `count` tokens in the cache already, the last
  // `num_rotated` of them at new positions. REQUIRES: none are computed.
  void begin(int64_t count, int64_t num_rotated = 0);
  // Guesses at most `max_tokens` that come next, for one step: the draft. Returns how many.
  // REQUIRES: no draft.
  int32_t make_draft(int32_t max_tokens);
  // Leaves the first `count` of the draft.
  void cut_draft(int32_t count);
  std::span<const TokenId> draft() const { return std::span(tokens_).subspan(num_tokens_); }
  // The chance that a guess is right.
  double draft_acceptance() const { return lookup_ ? lookup_->acceptance() : 0; }
  // The step is over: `num_right` of the guesses were. The draft goes.
  void end_draft(int32_t num_right);

  // The next `count` tokens are in the cache.
  void advance(int32_t count);
  // The cache holds nothing of it any more.
  void rewind();
  // Takes a sampled token, and finishes the sequence if it is an end token, completes a stop string
  // or is the last that was asked for. REQUIRES: all tokens are computed, and there is no draft.
  // What is known of the token is reported if there is any.
  void append(TokenId token, const TokenLogprobs* logprobs = nullptr,
              const TokenExplanation* explanation = nullptr);
  // Ends it for a reason from outside. Text that was held back is given out: it was generated.
  void finish(FinishReason reason, Status status = {});

  RequestTimeline& timeline() { return timeline_; }
  const RequestTimeline& timeline() const { return timeline_; }
  FinishReason finish_reason() const { return finish_reason_; }
  // What the last event shall say of them. REQUIRES: is_finished().
  void stage_timings(RequestTimings timings);

  // Gives the staged event to the reader. False if there is none.
  bool publish();

 private:
  bool ends_with(TokenId token);
  void flush_text(FinishReason reason);
  bool completes_stop_string(TokenId token);
  bool is_looping(TokenId token);
  std::span<const TokenId> allowed_by_format(std::span<const TokenId> guess);

  SamplingParams sampling_;
  uint64_t seed_;
  std::vector<TokenId> tokens_;  // the prompt, the completion, and during a step the draft
  size_t num_tokens_;            // without the draft
  size_t num_prompt_tokens_;
  int64_t num_computed_tokens_ = 0;
  std::optional<int64_t> num_cached_tokens_;
  int64_t num_rotated_tokens_ = 0;
  int64_t expected_cached_tokens_ = 0;
  std::string cache_salt_;
  std::optional<SlidingWindow> window_;
  std::string prefix_salt_;
  std::string client_;
  int priority_;
  int64_t ticket_ = 0;
  BlockTable block_table_;
  std::span<const TokenId> end_tokens_;
  std::vector<TokenId> early_ends_;  // banned at first; empty if the request has no such limit
  CompletionText text_;
  std::shared_ptr<BoundedGenerationStream> stream_;
  RequestTimeline timeline_;
  std::optional<TimePoint> deadline_;
  std::optional<PromptLookup> lookup_;           // if the request may be guessed at
  std::unique_ptr<LoopDetector> loop_detector_;  // if the request has a loop guard
  std::optional<Repetition> repetition_;         // the longest so far
  std::shared_ptr<CompiledFormat> format_;
  FormatCursor format_cursor_;
  CompletionOutline outline_;
  OutlineCursor outline_cursor_;

  // The staged event.
  std::string staged_text_;
  std::vector<TokenId> staged_tokens_;
  std::vector<TokenLogprobs> staged_logprobs_;
  std::vector<TokenExplanation> staged_explanations_;
  FinishReason finish_reason_ = FinishReason::kNone;
  std::optional<TokenId> stop_token_;
  Status status_;
  RequestTimings timings_;
};

// The order of running sequences: the first is never preempted, the last is the next to be.
inline bool goes_before(const std::unique_ptr<Sequence>& a, const std::unique_ptr<Sequence>& b) {
  return std::pair(a->priority(), a->ticket()) < std::pair(b->priority(), b->ticket());
}

}  // namespace youtu
