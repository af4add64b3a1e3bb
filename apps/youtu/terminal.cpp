#include "terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

namespace youtu {
namespace {

// The one thing that a signal handler may touch. It is the process's, as the signal is.
volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

}  // namespace

InterruptWatch::InterruptWatch(bool is_active) : is_active_(is_active) {
  if (!is_active_) return;
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  // No SA_RESTART: a read that waits for a line returns, so that the prompt can be shown anew.
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
    fputs(prompt, stdout);
    fflush(stdout);
  }
  errno = 0;
  const ssize_t size = getline(&buffer_, &capacity_, stdin);
  if (size < 0) {
    const bool was_interrupted = errno == EINTR;
    clearerr(stdin);
    return was_interrupted ? Event::kInterrupted : Event::kEnd;
  }
  line.assign(buffer_, static_cast<size_t>(size));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return Event::kLine;
}

}  // namespace youtu
