#include "engine/inbox.h"

#include <fmt/format.h>

#include <iterator>

#include "base/check.h"

namespace youtu {

Status Inbox::push(std::unique_ptr<Sequence> sequence) {
  {
    const std::scoped_lock lock(mutex_);
    const int64_t num_prompt_tokens = sequence->num_prompt_tokens();
    RETURN_IF_ERROR(check_room_locked(num_prompt_tokens));
    num_queued_tokens_ += num_prompt_tokens;
    arrivals_.push_back(std::move(sequence));
    ++num_places_taken_;
    ++num_unfinished_;
  }
  arrived_.notify_one();
  return Status::ok();
}

Status Inbox::check_room() const {
  const std::scoped_lock lock(mutex_);
  return check_room_locked(1);
}

int64_t Inbox::num_queued_tokens() const {
  const std::scoped_lock lock(mutex_);
  return num_queued_tokens_;
}

void Inbox::set_limits(const InboxLimits& limits) {
  const std::scoped_lock lock(mutex_);
  limits_ = limits;
}

InboxLimits Inbox::limits() const {
  const std::scoped_lock lock(mutex_);
  return limits_;
}

// A prompt that is longer than the limit may wait alone, or it never could.
Status Inbox::check_room_locked(int64_t num_prompt_tokens) const {
  if (is_closed_) return Status::unavailable("the engine is shutting down");
  if (num_places_taken_ >= limits_.max_requests()) {
    return Status::resource_exhausted(
        fmt::format("the engine has {} requests running and waiting (at most {})",
                    num_places_taken_, limits_.max_requests()),
        "queue_full");
  }
  const bool must_wait = num_places_taken_ >= limits_.max_running && num_queued_tokens_ > 0;
  if (limits_.max_queued_tokens > 0 && must_wait &&
      num_queued_tokens_ + num_prompt_tokens > limits_.max_queued_tokens) {
    return Status::resource_exhausted(
        fmt::format("prompts of {} tokens wait in the engine; with this one's {} they would be "
                    "more than may (at most {})",
                    num_queued_tokens_, num_prompt_tokens, limits_.max_queued_tokens),
        "queue_full");
  }
  return Status::ok();
}

void Inbox::close() {
  const std::scoped_lock lock(mutex_);
  is_closed_ = true;
}

void Inbox::wait_until_all_finished() {
  std::unique_lock lock(mutex_);
  all_finished_.wait(lock, [this] { return num_unfinished_ == 0; });
}

void Inbox::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
    is_stopped_ = true;
  }
  arrived_.notify_one();
}

bool Inbox::is_stopped() const {
  const std::scoped_lock lock(mutex_);
  return is_stopped_;
}

void Inbox::wait() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !arrivals_.empty() || is_stopped_; });
}

void Inbox::wait_for(size_t count, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, timeout, [&] { return arrivals_.size() >= count || is_stopped_; });
}

void Inbox::take(std::vector<std::unique_ptr<Sequence>>& sequences) {
  const std::scoped_lock lock(mutex_);
  std::move(arrivals_.begin(), arrivals_.end(), std::back_inserter(sequences));
  arrivals_.clear();
}

void Inbox::give_back_places(int64_t count) {
  const std::scoped_lock lock(mutex_);
  CHECK(count >= 0 && count <= num_places_taken_);
  num_places_taken_ -= count;
}

void Inbox::take_from_queue(int64_t count) {
  const std::scoped_lock lock(mutex_);
  CHECK(count >= 0 && count <= num_queued_tokens_);
  num_queued_tokens_ -= count;
}

void Inbox::mark_finished(int64_t count) {
  {
    const std::scoped_lock lock(mutex_);
    CHECK(count >= 0 && count <= num_unfinished_);
    num_unfinished_ -= count;
    if (num_unfinished_ > 0) return;
  }
  all_finished_.notify_all();
}

}  // namespace youtu
