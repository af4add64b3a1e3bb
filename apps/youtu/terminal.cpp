#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

namespace youtu {
namespace {

// What a signal handler may touch; the process's, as the signal is. The pipe wakes whoever waits
// for input: the signal may reach any thread, and may come just before the wait begins.
volatile sig_atomic_t interrupted = 0;
int wake_pipe[2] = {-1, -1};

void on_interrupt(int) {
  interrupted = 1;
  [[maybe_unused]] const ssize_t written = write(wake_pipe[1], "", 1);
}

void drain_wake_pipe() {
  char bytes[64];
  while (read(wake_pipe[0], bytes, sizeof(bytes)) > 0) {
  }
}

}  // namespace

InterruptWatch::InterruptWatch(bool is_active) : is_active_(is_active) {
  if (!is_active_) return;
  if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    return;  // Ctrl-C ends the program, then
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

InterruptWatch::~InterruptWatch() {
  if (is_active_) signal(SIGINT, SIG_DFL);
}

bool InterruptWatch::is_set() const {
  return interrupted != 0;
}

void InterruptWatch::clear() {
  interrupted = 0;
  if (wake_pipe[0] >= 0) drain_wake_pipe();
}

WaitEvent wait_for_input() {
  pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {wake_pipe[0], POLLIN, 0}};
  if (poll(sources, 2, -1) < 0) return WaitEvent::kOtherSignal;
  if (sources[1].revents == 0) return WaitEvent::kInput;
  drain_wake_pipe();
  return WaitEvent::kInterrupted;
}

bool has_colours(int file_descriptor) {
  const char* refused = getenv("NO_COLOR");
  const char* terminal = getenv("TERM");
  if ((refused && *refused) || !terminal || std::string_view(terminal) == "dumb") return false;
  return isatty(file_descriptor) != 0;
}

std::string styled(Style style, std::string_view text, int file_descriptor) {
  if (!has_colours(file_descriptor)) return std::string(text);
  return (style == Style::kDim ? "\033[2m" : "\033[1m") + std::string(text) + "\033[0m";
}

}  // namespace youtu
