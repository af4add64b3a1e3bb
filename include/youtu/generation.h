// One request to the engine, and the stream of events that answers it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "youtu/logprobs.h"
#include "youtu/output_format.h"
#include "youtu/sampling_params.h"
#include "youtu/stats.h"
#include "youtu/status.h"
#include "youtu/token_explanation.h"
#include "youtu/types.h"

namespace youtu {

inline constexpr size_t kMaxCacheSaltBytes = 256;
inline constexpr size_t kMaxClientBytes = 256;
// A request whose reader leaves so many events unread pauses until half of them are read.
inline constexpr size_t kMaxUnreadEvents = 256;
// Likewise of one whose events carry explanations, which are large.
inline constexpr size_t kMaxUnreadExplainedEvents = 32;
inline constexpr int kMinPriority = -1000;
inline constexpr int kMaxPriority = 1000;
inline constexpr std::chrono::milliseconds kMaxTimeout{86'400'000};
inline constexpr size_t kMaxThoughtTagBytes = 64;
inline constexpr size_t kMaxLastWordsBytes = 256;

// How a model thinks: between two tags at the beginning of its completion.
struct ThoughtRules {
  std::string begin = "<think>";  // 1 to kMaxThoughtTagBytes each
  std::string end = "</think>";
  bool is_open = false;  // the prompt has ended with `begin`
  // Written before `end` where sampling.thinking_token_budget closes the thought.
  std::string last_words = {};  // UTF-8, at most kMaxLastWordsBytes
};

// What may be known of a conversation whose prompt goes on without its oldest part. The rows of the
// latent cache that were computed of an earlier prompt are moved to their new positions, instead of
// being computed again; docs/sessions.md says what that changes. Needs the prefix cache.
struct SlidingWindow {
  // Whose: what was moved is shared within it only, and there between equal cache salts. UTF-8.
  std::string conversation;
  // The prompt as it would be with less left out: its first `num_pinned` tokens are those of the
  // prompt, and so are all that follow the `num_dropped` behind them. May be empty, with both 0:
  // nothing more is left out than before.
  std::vector<TokenId> earlier = {};
  int64_t num_pinned = 0;
  int64_t num_dropped = 0;
  bool is_earlier_whole = true;  // nothing at all was left out of it
};
inline constexpr size_t kMaxConversationBytes = 512;

struct GenerationRequest {
  std::vector<TokenId> prompt_tokens;  // at least one
  SamplingParams sampling;
  bool skip_control_tokens = true;  // leave control tokens out of the text
  // What form the answer must have; it then ends where the form is complete, unless it is cut off
  // before. Not with ignore_eos.
  std::optional<OutputFormat> output_format = std::nullopt;
  // None: all of the completion is the answer.
  std::optional<ThoughtRules> thought = std::nullopt;
  // The answer ends behind the first time that this text, such as "</tool_call>", stands in it; a
  // thought does not count. Empty: it may go on.
  std::string ends_behind = {};  // at most kMaxThoughtTagBytes

  // The prefix cache is shared only between requests of equal salts: one can tell from the time of
  // an answer whether somebody else's prompt began alike. Empty: shared with all that have none.
  std::string cache_salt = {};
  // Of a prompt from which the oldest part of a conversation was left out.
  std::optional<SlidingWindow> window = std::nullopt;
  // The lower ones start first, and keep their place in the cache before the higher ones.
  int priority = 0;
  // Whose request it is. Clients that wait at the same priority are served in equal shares.
  std::string client = {};

  // 0: none. At `timeout` after submit() the request ends with an error, reason "timeout". One
  // whose first token is not to be expected within `ttft_slo`, or within `timeout`, is refused at
  // once, reason "slo_unattainable".
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds ttft_slo{0};

  // Let tokens that stood before be guessed and checked several in a step, where that is faster.
  // The answer is the same.
  bool speculation = true;
  // What the client believes that the answer will be; guessed first. May be empty.
  std::vector<TokenId> prediction = {};
};

// What one engine step added to a request. The last event of a request has a finish reason.
struct GenerationEvent {
  std::string text;             // whole characters only
  std::vector<TokenId> tokens;  // the tokens sampled in this step (their text may come later)
  std::vector<TokenLogprobs> logprobs;         // one for each of the tokens, if asked for
  std::vector<TokenExplanation> explanations;  // likewise
  FinishReason finish_reason = FinishReason::kNone;
  Status status;  // not ok exactly when finish_reason is kError
  // Complete in the last event:
  Usage usage;
  RequestTimings timings;
  std::optional<Repetition> repetition;  // the longest that the loop guard found
  std::string stop_string;               // which one ended it; empty for other ends
  std::optional<TokenId> stop_token;     // likewise, of stop_token_ids
};

// The engine's side of a request; implemented by the engine.
class GenerationStream {
 public:
  virtual ~GenerationStream() = default;
  virtual RequestId id() const = 0;
  virtual std::optional<GenerationEvent> try_next() = 0;
  virtual std::optional<GenerationEvent> wait_next(std::chrono::milliseconds timeout) = 0;
  virtual void cancel() = 0;
};

// The reader of one request's events. Move-only; destroying it cancels the request, so a dropped
// connection cannot leak work. One reader thread at a time.
class GenerationHandle {
 public:
  GenerationHandle() = default;
  explicit GenerationHandle(std::shared_ptr<GenerationStream> stream)
      : stream_(std::move(stream)) {}
  GenerationHandle(GenerationHandle&&) = default;
  GenerationHandle& operator=(GenerationHandle&& other) noexcept {
    if (this != &other) {
      cancel();
      stream_ = std::move(other.stream_);
    }
    return *this;
  }
  ~GenerationHandle() { cancel(); }

  RequestId id() const { return stream_ ? stream_->id() : 0; }
  // The next event if there is one. Never blocks. After the last event: nothing.
  std::optional<GenerationEvent> try_next() { return stream_->try_next(); }
  // Waits up to `timeout` for the next event.
  std::optional<GenerationEvent> wait_next(std::chrono::milliseconds timeout) {
    return stream_->wait_next(timeout);
  }
  void cancel() {
    if (stream_) stream_->cancel();
  }

 private:
  std::shared_ptr<GenerationStream> stream_;
};

}  // namespace youtu
