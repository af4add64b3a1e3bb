#include "engine/inbox.h"

#include <fmt/format.h>

#include <iterator>

#include "base/check.h"

namespace youtu {

Status Inbox::push(std::unique_ptr<Sequence> sequence) {
  {
    const std::scoped_lock lock(mutex_);
    RETURN_IF_ERROR(check_room_locked());
    arrivals_.push_back(std::move(sequence));
    ++num_places_taken_;
    ++num_unfinished_;
  }
  arrived_.notify_one();
  return Status::ok();
}

Status Inbox::check_room() const {
  const std::scoped_lock lock(mutex_);
  return check_room_locked();
}

Status Inbox::check_room_locked() const {
  if (is_closed_) return Status::unavailable("the engine is shutting down");
  if (num_places_taken_ < max_requests_) return Status::ok();
  return Status::resource_exhausted(
      fmt::format("the engine has {} requests running and waiting (at most {})", num_places_taken_,
                  max_requests_),
      "queue_full");
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
