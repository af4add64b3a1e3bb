#include "engine/sequence.h"

#include <algorithm>

#include "base/check.h"
#include "engine/sliding_window.h"
#include "engine/step.h"
#include "grammar/compiled_format.h"

namespace youtu {
namespace {

// Enough for the text of one step, which is rarely more than a word.
constexpr size_t kReservedTextBytes = 256;

}  // namespace

Sequence::Sequence(GenerationRequest request, uint64_t seed, std::span<const TokenId> end_tokens,
                   CompletionText text, std::shared_ptr<BoundedGenerationStream> stream,
                   TimePoint arrival)
    : sampling_(std::move(request.sampling)),
      seed_(seed),
      tokens_(std::move(request.prompt_tokens)),
      num_tokens_(tokens_.size()),
      num_prompt_tokens_(tokens_.size()),
      cache_salt_(std::move(request.cache_salt)),
      window_(std::move(request.window)),
      prefix_salt_(window_ ? window_salt(*window_, cache_salt_) : cache_salt_),
      client_(std::move(request.client)),
      priority_(request.priority),
      end_tokens_(end_tokens),
      text_(std::move(text)),
      stream_(std::move(stream)),
      timeline_(arrival, sampling_.max_new_tokens) {
  CHECK(!tokens_.empty());
  tokens_.reserve(static_cast<size_t>(max_tokens()));
  staged_text_.reserve(kReservedTextBytes);
  if (request.timeout.count() > 0) deadline_ = arrival + request.timeout;
  staged_tokens_.reserve(size_t{kMaxDraftTokens} + 1);
  if (sampling_.top_logprobs) staged_logprobs_.reserve(size_t{kMaxDraftTokens} + 1);
  if (sampling_.explain_tokens > 0) staged_explanations_.reserve(size_t{kMaxDraftTokens} + 1);
  if (sampling_.min_new_tokens > 0) {
    early_ends_ = sampling_.stop_token_ids;
    if (!sampling_.ignore_eos) {
      early_ends_.insert(early_ends_.end(), end_tokens_.begin(), end_tokens_.end());
    }
  }
  if (request.speculation) lookup_.emplace(std::move(request.prediction));
  if (sampling_.loop_guard != LoopGuard::kOff) loop_detector_ = std::make_unique<LoopDetector>();
}

std::optional<EarlierPrompt> Sequence::earlier_prompt() const {
  if (!window_) return std::nullopt;
  return earlier_prompt_of(*window_, cache_salt_, prefix_salt_);
}

void Sequence::begin(int64_t count, int64_t num_rotated) {
  CHECK(num_computed_tokens_ == 0);
  CHECK(count >= 0 && count < num_tokens() && num_rotated >= 0 && num_rotated <= count);
  num_computed_tokens_ = count;
  if (has_begun()) return;
  num_cached_tokens_ = count;
  num_rotated_tokens_ = num_rotated;
}

int32_t Sequence::make_draft(int32_t max_tokens) {
  CHECK(draft().empty());
  // The last token that it can have needs no successor.
  const int64_t room = std::min<int64_t>(max_tokens, this->max_tokens() - num_tokens() - 1);
  if (!lookup_ || room <= 0) return 0;
  const auto guess =
      allowed_by_format(lookup_->propose(tokens_, num_prompt_tokens_, static_cast<size_t>(room)));
  // The guess may lie in this very array, which has room enough not to move.
  CHECK(tokens_.capacity() >= num_tokens_ + guess.size());
  for (const TokenId token : guess) tokens_.push_back(token);
  return static_cast<int32_t>(guess.size());
}

// Of a guess as much as can be drawn.
std::span<const TokenId> Sequence::allowed_by_format(std::span<const TokenId> guess) {
  if (!format_ || guess.empty()) return guess;
  format_->follow(format_cursor_, history().completion());
  return guess.first(format_->count_allowed(format_cursor_, guess));
}

void Sequence::cut_draft(int32_t count) {
  CHECK(count >= 0 && static_cast<size_t>(count) <= draft().size());
  tokens_.resize(num_tokens_ + static_cast<size_t>(count));
}

void Sequence::end_draft(int32_t num_right) {
  if (draft().empty()) {
    if (lookup_) lookup_->forget();
    return;
  }
  lookup_->record(draft().size(), static_cast<size_t>(num_right));
  tokens_.resize(num_tokens_);
}

void Sequence::advance(int32_t count) {
  CHECK(count >= 0 && count <= num_uncomputed_tokens());
  num_computed_tokens_ += count;
}

void Sequence::rewind() {
  CHECK(block_table_.is_empty());
  num_computed_tokens_ = 0;
}

std::span<const TokenId> Sequence::banned_tokens(int32_t num_draft) const {
  if (num_completion_tokens() + num_draft >= sampling_.min_new_tokens) return {};
  return early_ends_;
}

// The request's own end tokens go first: they are told apart in the answer.
bool Sequence::ends_with(TokenId token) {
  const auto holds = [token](std::span<const TokenId> tokens) {
    return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
  };
  if (holds(sampling_.stop_token_ids)) stop_token_ = token;
  return stop_token_ || (!sampling_.ignore_eos && holds(end_tokens_));
}

// An end token counts as a token of the completion, as with vLLM and OpenAI, but its text is part
// neither of the thought nor of the answer.
void Sequence::append(TokenId token, const TokenLogprobs* logprobs,
                      const TokenExplanation* explanation) {
  CHECK(!is_finished());
  CHECK(num_uncomputed_tokens() == 0 && draft().empty());
  tokens_.push_back(token);
  ++num_tokens_;
  staged_tokens_.push_back(token);
  if (logprobs) staged_logprobs_.push_back(*logprobs);
  if (explanation) staged_explanations_.push_back(*explanation);
  const bool is_end = ends_with(token);
  if (!is_end) outline_.follow(outline_cursor_, token);
  if (is_end) {
    flush_text(FinishReason::kEndOfSequence);
  } else if (completes_stop_string(token)) {
    finish_reason_ = FinishReason::kStopString;
  } else if (outline_cursor_.part == OutlineCursor::Part::kEnd) {
    flush_text(FinishReason::kStopString);
  } else if (is_looping(token)) {
    flush_text(FinishReason::kRepetition);
  } else if (num_completion_tokens() == sampling_.max_new_tokens) {
    flush_text(FinishReason::kLength);
  }
  if (format_ && !is_finished()) format_->follow(format_cursor_, history().completion());
}

bool Sequence::completes_stop_string(TokenId token) {
  const TimePoint begin = steady_clock().now();
  const bool may_stop = num_completion_tokens() > sampling_.min_new_tokens;
  const bool is_complete = text_.append(token, may_stop, staged_text_);
  timeline_.add_detokenize(steady_clock().now() - begin);
  return is_complete;
}

// True if the completion shall end here for going round in a loop.
bool Sequence::is_looping(TokenId token) {
  if (!loop_detector_) return false;
  const std::optional<Repetition> found = loop_detector_->append(token);
  if (!found) return false;
  repetition_ = found;
  return sampling_.loop_guard == LoopGuard::kStop;
}

void Sequence::stage_timings(RequestTimings timings) {
  CHECK(is_finished());
  timings_ = std::move(timings);
}

void Sequence::flush_text(FinishReason reason) {
  finish_reason_ = text_.finish(staged_text_) ? FinishReason::kStopString : reason;
}

void Sequence::finish(FinishReason reason, Status status) {
  CHECK(!is_finished());
  (void)text_.finish(staged_text_);
  finish_reason_ = reason;
  status_ = std::move(status);
}

bool Sequence::publish() {
  if (is_finished()) {
    const Usage usage = {.prompt_tokens = num_prompt_tokens(),
                         .completion_tokens = num_completion_tokens(),
                         .cached_tokens = num_cached_tokens(),
                         .rotated_tokens = num_rotated_tokens(),
                         .reasoning_tokens = outline_cursor_.reasoning_tokens()};
    stream_->finish(
        staged_text_, staged_tokens_,
        {.reason = finish_reason_,
         .status = std::move(status_),
         .usage = usage,
         .timings = std::move(timings_),
         .repetition = repetition_,
         .stop_string =
             finish_reason_ == FinishReason::kStopString ? text_.stop_string() : std::string(),
         .stop_token = stop_token_},
        {staged_logprobs_, staged_explanations_});
    return true;
  }
  if (staged_tokens_.empty()) return false;
  stream_->push(staged_text_, staged_tokens_, {staged_logprobs_, staged_explanations_});
  staged_text_.clear();
  staged_tokens_.clear();
  staged_logprobs_.clear();
  staged_explanations_.clear();
  return true;
}

}  // namespace youtu
