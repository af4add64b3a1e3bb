#include "pull_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "progress_bar.h"
#include "progress_line.h"

namespace youtu {

namespace {

constexpr std::chrono::milliseconds kTerminalInterval{200};
constexpr std::chrono::seconds kLogInterval{10};
// A speed forgets what was this long ago.
constexpr double kMemoryS = 4;

int terminal_columns() {
  winsize size{};
  constexpr int kUsual = 80;
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace

PullDisplay::PullDisplay(std::function<void(double share)> on_progress)
    : is_terminal_(::isatty(STDERR_FILENO) != 0),
      on_progress_(std::move(on_progress)),
      thread_([this] { run(); }) {}

PullDisplay::~PullDisplay() {
  end();
}

void PullDisplay::end() {
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_) return;
    is_ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
  show_progress("");
}

void PullDisplay::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  show_progress("");
  std::fprintf(stderr, "%s\n", line.c_str());
}

void PullDisplay::begin(int64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  total_bytes_ = total_bytes;
  bytes_before_ = done_bytes;
  time_before_ = std::chrono::steady_clock::now();
}

void PullDisplay::begin_file(const std::string& name) {
  const std::lock_guard lock(mutex_);
  file_ = name;
}

void PullDisplay::end_file(const hub::RemoteFile& file) {
  say(file.name + "  " + file_size_text(file.size));
}

void PullDisplay::run() {
  using Clock = std::chrono::steady_clock;
  const Clock::duration interval = is_terminal_ ? kTerminalInterval : kLogInterval;
  Clock::time_point next = Clock::now() + interval;
  std::unique_lock lock(mutex_);
  while (!is_ended_) {
    changed_.wait_for(lock, kTerminalInterval);
    if (is_ended_ || total_bytes_ == 0) continue;
    if (on_progress_) {
      on_progress_(static_cast<double>(done_bytes) / static_cast<double>(total_bytes_));
    }
    if (Clock::now() < next) continue;
    show();
    next = Clock::now() + interval;
  }
}

// REQUIRES: mutex_ is held.
void PullDisplay::show() {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - time_before_).count();
  const int64_t bytes = done_bytes;
  if (seconds > 0 && bytes >= bytes_before_) {
    const double speed = static_cast<double>(bytes - bytes_before_) / seconds;
    const double old = bytes_per_second_ > 0 ? std::exp(-seconds / kMemoryS) : 0;
    bytes_per_second_ = old * bytes_per_second_ + (1 - old) * speed;
  }
  time_before_ = now;
  bytes_before_ = bytes;
  const Transfer transfer{.what = file_,
                          .done_bytes = bytes,
                          .total_bytes = total_bytes_,
                          .bytes_per_second = bytes_per_second_};
  if (is_terminal_) {
    show_progress(progress_bar(transfer, terminal_columns()));
  } else {
    std::fprintf(stderr, "%s  %s\n", file_.c_str(), progress_text(transfer).c_str());
  }
}

}  // namespace youtu
