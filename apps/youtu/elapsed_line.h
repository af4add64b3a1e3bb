// A line that shows at a terminal that something long is going on, and for how long.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace youtu {

// "loading models/demo  4 s", on stderr, from its second second until it is destroyed; nothing in a
// file.
class ElapsedLine {
 public:
  explicit ElapsedLine(std::string what);
  ~ElapsedLine();
  ElapsedLine(const ElapsedLine&) = delete;
  ElapsedLine& operator=(const ElapsedLine&) = delete;

 private:
  void run(const std::string& what);

  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_ended_ = false;
  std::thread thread_;
};

}  // namespace youtu
