// Door two: the events of one request, from the engine's thread to one reader. The engine never
// waits for a reader and never drops an event: the stream is a log that only grows, and
// max_new_tokens bounds it. Whether its reader has fallen behind it says too, so that the engine
// can turn to others meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/generation.h"

namespace youtu {

// All that a last event says beside its text.
struct GenerationEnding {
  FinishReason reason = FinishReason::kNone;
  Status status = {};
  Usage usage = {};
  RequestTimings timings = {};
  std::optional<Repetition> repetition = std::nullopt;
  std::string stop_string = {};
  std::optional<TokenId> stop_token = std::nullopt;
};

// What is told of the tokens of an event: of each, or of none of the stream.
struct TokenReports {
  std::span<const TokenLogprobs> logprobs = {};
  std::span<const TokenExplanation> explanations = {};
};

// Shared by the sequence that writes it and the handle that reads it; lives until both are gone.
class BoundedGenerationStream final : public GenerationStream {
 public:
  // REQUIRES: max_new_tokens >= 1, max_unread_events >= 1.
  BoundedGenerationStream(RequestId id, int64_t max_new_tokens,
                          size_t max_unread_events = kMaxUnreadEvents);

  // Reader's side.
  RequestId id() const override { return id_; }
  std::optional<GenerationEvent> try_next() override;
  std::optional<GenerationEvent> wait_next(std::chrono::milliseconds timeout) override;
  // The engine sees it before its next step. No effect on a request that has ended.
  void cancel() override { cancelled_.store(true, std::memory_order_relaxed); }

  // Ends it for its reader, if it has not ended: from now on what the engine says is not heard, and
  // the engine takes it as cancelled. Any thread. REQUIRES: an error.
  void abandon(Status status);

  // Engine's side.
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  // Whether the reader has left more than max_unread_events unread and not yet caught up to half of
  // them. Once it is false it stays so until the next push().
  bool is_reader_behind();
  // REQUIRES: not finished, at most max_new_tokens tokens in all.
  void push(std::string_view text, std::span<const TokenId> tokens,
            const TokenReports& reports = {});
  // The last event. REQUIRES: not finished, the ending's reason is not kNone, and its status is an
  // error exactly for kError.
  void finish(std::string_view text, std::span<const TokenId> tokens, GenerationEnding ending,
              const TokenReports& reports = {});

 private:
  // Where the text and the tokens of an event end; they begin where those of the event before end.
  struct EventEnd {
    size_t text = 0;
    size_t token = 0;
  };
  void append(std::string_view text, std::span<const TokenId> tokens, const TokenReports& reports);
  bool has_event() const { return next_event_ < ends_.size(); }
  bool has_delivered_all() const { return ending_.reason != FinishReason::kNone && !has_event(); }
  GenerationEvent take_event();

  const RequestId id_;
  const size_t max_tokens_;
  const size_t max_unread_events_;
  std::atomic<bool> cancelled_ = false;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string text_;
  std::vector<TokenId> tokens_;
  std::vector<TokenLogprobs> logprobs_;  // of each token, or none
  // Of the tokens of the events that are unread, or none: they are too large to be kept.
  std::deque<TokenExplanation> explanations_;
  std::vector<EventEnd> ends_;
  size_t next_event_ = 0;
  GenerationEnding ending_;
  bool is_abandoned_ = false;
  bool is_reader_behind_ = false;
};

}  // namespace youtu
