// SIGINT, SIGTERM and SIGHUP, taken by a thread of their own. Before serving begins the first two
// end the program; then the first of them asks to close and the second ends the program. SIGHUP
// asks to read the settings again, unless it says that the terminal is gone which the program was
// started in: then nobody could end it any more, and it closes.
#pragma once

#include <chrono>
#include <memory>

namespace youtu {

class ServerSignals {
 public:
  enum class Wish { kNone, kReload, kClose };

  // Construct before other threads are started: they inherit the mask.
  ServerSignals();

  // What a signal that ends the program at once has it say; nothing if null. It must outlive this.
  void set_last_words(const char* line);
  // From here on there may be answers that deserve to be finished.
  void begin_serving();
  // What was asked for, at the latest after `time`. Any number of SIGHUPs is one wish as long as
  // nobody has taken it; to close goes before all else.
  Wish wait_for(std::chrono::milliseconds time);

 private:
  struct State;
  static void watch(State& state);

  std::shared_ptr<State> state_;
};

}  // namespace youtu
