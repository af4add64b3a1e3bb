// How often a running server has read its settings again, and what GET /metrics says of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace youtu {

// Thread-safe.
class ReloadRecord {
 public:
  // The start was the first success.
  explicit ReloadRecord(std::time_t start_time) : last_success_(start_time) {}

  void note_success(std::time_t now) {
    last_success_ = now;
    was_successful_ = true;
    ++num_successes_;
  }
  // The settings stay as they were.
  void note_failure() {
    was_successful_ = false;
    ++num_failures_;
  }
  std::string metrics(std::string_view model_name) const;

 private:
  std::atomic<std::time_t> last_success_;  // Unix seconds
  std::atomic<bool> was_successful_ = true;
  std::atomic<int64_t> num_successes_ = 0;
  std::atomic<int64_t> num_failures_ = 0;
};

}  // namespace youtu
