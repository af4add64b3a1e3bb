// SIGINT and SIGTERM, taken by a thread of their own: before serving begins they end the program,
// then the first one asks to close and the second ends the program.
#pragma once

#include <chrono>
#include <memory>

namespace youtu {

class ClosingSignals {
 public:
  // Construct before other threads are started: they inherit the mask.
  ClosingSignals();

  // From here on there may be answers that deserve to be finished.
  void begin_serving();
  // True if it is time to close.
  bool wait_for(std::chrono::milliseconds time);

 private:
  struct State;
  static void watch(State& state);

  std::shared_ptr<State> state_;
};

}  // namespace youtu
