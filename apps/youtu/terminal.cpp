#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

namespace youtu {
namespace {

// What a signal handler may touch; the process's, as the signal is. The pipe wakes whoever waits
// for a line: the signal may reach any thread, and may come just before the wait begins.
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

// Waits until a line is typed; false if Ctrl-C comes first.
bool wait_for_line() {
  pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {wake_pipe[0], POLLIN, 0}};
  for (;;) {
    const int ready = poll(sources, 2, -1);
    if (ready < 0) continue;  // a signal; if it was Ctrl-C, the pipe says so
    return sources[1].revents == 0;
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
}

LineReader::LineReader() : is_terminal_(isatty(STDIN_FILENO) != 0) {}

LineReader::~LineReader() {
  free(buffer_);
}

LineReader::Event LineReader::read(const char* prompt, std::string& line) {
  if (is_terminal_) {
    drain_wake_pipe();  // an earlier Ctrl-C has been answered
    fputs(prompt, stdout);
    fflush(stdout);
    if (!wait_for_line()) return Event::kInterrupted;
  }
  const ssize_t size = getline(&buffer_, &capacity_, stdin);
  if (size < 0) return Event::kEnd;
  line.assign(buffer_, static_cast<size_t>(size));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return Event::kLine;
}

}  // namespace youtu
