// Ctrl-C and SIGTERM as a question, for commands that have something to put in order first.
#pragma once

namespace youtu {

// While one lives, the first SIGINT or SIGTERM sets a mark and the second ends the program; writes
// to closed pipes and beyond a limit of files' sizes fail instead of ending it. One at a time.
class InterruptionGuard {
 public:
  InterruptionGuard();
  ~InterruptionGuard();
  InterruptionGuard(const InterruptionGuard&) = delete;
  InterruptionGuard& operator=(const InterruptionGuard&) = delete;

  static bool is_set();
};

}  // namespace youtu
