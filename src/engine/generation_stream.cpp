#include "engine/generation_stream.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {
namespace {

// Up to here a stream's arrays are allocated with the request, beyond it they grow: a request may
// ask for a million tokens and end after ten.
constexpr size_t kMaxReservedTokens = 4096;

}  // namespace

BoundedGenerationStream::BoundedGenerationStream(RequestId id, int64_t max_new_tokens,
                                                 size_t max_unread_events)
    : id_(id),
      max_tokens_(static_cast<size_t>(max_new_tokens)),
      max_unread_events_(max_unread_events) {
  CHECK(max_new_tokens >= 1 && max_unread_events >= 1);
  const size_t reserved = std::min(max_tokens_, kMaxReservedTokens);
  tokens_.reserve(reserved);
  ends_.reserve(reserved + 1);
}

std::optional<GenerationEvent> BoundedGenerationStream::try_next() {
  const std::scoped_lock lock(mutex_);
  if (!has_event()) return std::nullopt;
  return take_event();
}

std::optional<GenerationEvent> BoundedGenerationStream::wait_next(
    std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return has_event() || has_delivered_all(); });
  if (!has_event()) return std::nullopt;
  return take_event();
}

void BoundedGenerationStream::push(std::string_view text, std::span<const TokenId> tokens,
                                   const TokenReports& reports) {
  const std::scoped_lock lock(mutex_);
  if (is_abandoned_) return;
  append(text, tokens, reports);
  changed_.notify_all();
}

void BoundedGenerationStream::finish(std::string_view text, std::span<const TokenId> tokens,
                                     GenerationEnding ending, const TokenReports& reports) {
  CHECK(ending.reason != FinishReason::kNone);
  CHECK((ending.reason == FinishReason::kError) == !ending.status.is_ok());
  const std::scoped_lock lock(mutex_);
  if (is_abandoned_) return;
  append(text, tokens, reports);
  ending_ = std::move(ending);
  changed_.notify_all();
}

bool BoundedGenerationStream::is_reader_behind() {
  const std::scoped_lock lock(mutex_);
  const size_t num_unread = ends_.size() - next_event_;
  is_reader_behind_ =
      num_unread > (is_reader_behind_ ? max_unread_events_ / 2 : max_unread_events_);
  return is_reader_behind_;
}

void BoundedGenerationStream::abandon(Status status) {
  CHECK(!status.is_ok());
  const std::scoped_lock lock(mutex_);
  if (ending_.reason != FinishReason::kNone) return;
  append({}, {}, {});
  ending_.reason = FinishReason::kError;
  ending_.status = std::move(status);
  is_abandoned_ = true;
  cancel();
  changed_.notify_all();
}

void BoundedGenerationStream::append(std::string_view text, std::span<const TokenId> tokens,
                                     const TokenReports& reports) {
  CHECK(ending_.reason == FinishReason::kNone);
  CHECK(tokens_.size() + tokens.size() <= max_tokens_);
  CHECK(ends_.size() <= max_tokens_);  // one event for each token, and the last
  text_.append(text);
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  logprobs_.insert(logprobs_.end(), reports.logprobs.begin(), reports.logprobs.end());
  CHECK(logprobs_.empty() || logprobs_.size() == tokens_.size());
  CHECK(reports.explanations.empty() || reports.explanations.size() == tokens.size());
  explanations_.insert(explanations_.end(), reports.explanations.begin(),
                       reports.explanations.end());
  ends_.push_back({.text = text_.size(), .token = tokens_.size()});
}

GenerationEvent BoundedGenerationStream::take_event() {
  const EventEnd begin = next_event_ == 0 ? EventEnd{} : ends_[next_event_ - 1];
  const EventEnd end = ends_[next_event_];
  ++next_event_;
  GenerationEvent event;
  event.text = text_.substr(begin.text, end.text - begin.text);
  event.tokens.assign(tokens_.begin() + static_cast<ptrdiff_t>(begin.token),
                      tokens_.begin() + static_cast<ptrdiff_t>(end.token));
  if (!logprobs_.empty()) {
    event.logprobs.assign(logprobs_.begin() + static_cast<ptrdiff_t>(begin.token),
                          logprobs_.begin() + static_cast<ptrdiff_t>(end.token));
  }
  if (!explanations_.empty()) {
    const auto explained = explanations_.begin() + static_cast<ptrdiff_t>(event.tokens.size());
    event.explanations.assign(explanations_.begin(), explained);
    explanations_.erase(explanations_.begin(), explained);
  }
  if (has_delivered_all()) {
    event.finish_reason = ending_.reason;
    event.status = ending_.status;
    event.usage = ending_.usage;
    event.timings = std::move(ending_.timings);
    event.repetition = ending_.repetition;
    event.stop_string = std::move(ending_.stop_string);
    event.stop_token = ending_.stop_token;
  }
  return event;
}

}  // namespace youtu
