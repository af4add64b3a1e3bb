#include "elapsed_line.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "progress_line.h"

namespace youtu {

ElapsedLine::ElapsedLine(std::string what) {
  if (::isatty(STDERR_FILENO) == 0) return;
  thread_ = std::thread([this, text = std::move(what)] { run(text); });
}

ElapsedLine::~ElapsedLine() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void ElapsedLine::run(const std::string& what) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (int seconds = 1;; ++seconds) {
    const auto end = begin + std::chrono::seconds(seconds);
    if (ended_.wait_until(lock, end, [this] { return is_ended_; })) break;
    show_progress(what + "  " + std::to_string(seconds) + " s");
  }
  if (std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1)) show_progress("");
}

}  // namespace youtu
