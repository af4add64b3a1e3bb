// What a person, or a log, sees of a pull: a line that moves at a terminal, else one now and then.
// All on stderr.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "hub/pull.h"

namespace youtu {

class PullDisplay final : public hub::PullMonitor {
 public:
  // `on_progress` is told, some times a second, which share of all is here; may be empty.
  explicit PullDisplay(std::function<void(double share)> on_progress);
  ~PullDisplay() override;

  void say(const std::string& line) override;
  void begin(int64_t total_bytes) override;
  void begin_file(const std::string& name) override;
  void end_file(const hub::RemoteFile& file) override;

  // Takes the moving line away; nothing moves after it.
  void end();

 private:
  void run();
  void show();

  const bool is_terminal_;
  const std::function<void(double share)> on_progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ended_ = false;
  int64_t total_bytes_ = 0;  // 0: not known yet
  std::string file_;
  int64_t bytes_before_ = 0;
  double bytes_per_second_ = 0;
  std::chrono::steady_clock::time_point time_before_;
  std::thread thread_;
};

}  // namespace youtu
