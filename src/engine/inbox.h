// Door one: requests on their way to the engine's thread, and the count of those that it has not
// finished. The count is the queue limit: a place is taken when a request comes in and given back
// just before its last event is visible, so a client that waits for an answer before it asks again
// always finds its place. The prompts of those that have not begun are a second limit: a few long
// ones are as much work as many short ones.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/sequence.h"
#include "youtu/status.h"

namespace youtu {

struct InboxLimits {
  int64_t max_running = 1;        // requests that need not wait for each other
  int64_t max_queued = 0;         // requests beyond these
  int64_t max_queued_tokens = 0;  // of prompts that have not begun; 0: no limit

  int64_t max_requests() const { return max_running + max_queued; }
};

// Thread-safe. The methods of the engine's side are for one thread.
class Inbox {
 public:
  explicit Inbox(const InboxLimits& limits) : limits_(limits) {}

  RequestId next_request_id() { return next_id_.fetch_add(1, std::memory_order_relaxed); }

  // kResourceExhausted when max_requests are in the engine, or when the prompt would have to wait
  // behind others and exceeds max_queued_tokens together with them; kUnavailable when closed.
  Status push(std::unique_ptr<Sequence> sequence);
  // What push() would answer now, to a prompt of one token.
  Status check_room() const;
  int64_t num_queued_tokens() const;
  // What waits already stays, even beyond the new limits.
  void set_limits(const InboxLimits& limits);
  InboxLimits limits() const;
  // Refuses all further requests.
  void close();
  // Waits until every request that was pushed is finished and its last event is visible.
  void wait_until_all_finished();
  // close(), and the engine's thread shall end.
  void stop();

  // Engine's side.
  bool is_stopped() const;
  // Waits for at least one arrival, or for stop().
  void wait();
  // Waits until `count` requests have arrived, at most `timeout`, or for stop().
  void wait_for(size_t count, std::chrono::milliseconds timeout);
  // Moves the arrivals to the end of `sequences`.
  void take(std::vector<std::unique_ptr<Sequence>>& sequences);
  // `count` requests have finished: their places are free.
  void give_back_places(int64_t count);
  // Requests whose prompts have `count` tokens have begun, or ended before they did.
  void take_from_queue(int64_t count);
  // `count` requests have delivered their last event.
  void mark_finished(int64_t count);

 private:
  std::atomic<RequestId> next_id_ = 1;

  Status check_room_locked(int64_t num_prompt_tokens) const;

  mutable std::mutex mutex_;  // guards all below
  InboxLimits limits_;
  std::condition_variable arrived_;
  std::condition_variable all_finished_;
  std::vector<std::unique_ptr<Sequence>> arrivals_;
  int64_t num_places_taken_ = 0;
  int64_t num_unfinished_ = 0;
  int64_t num_queued_tokens_ = 0;
  bool is_closed_ = false;
  bool is_stopped_ = false;
};

}  // namespace youtu
