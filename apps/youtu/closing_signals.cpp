#include "closing_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace youtu {

namespace {

sigset_t closing_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

struct ClosingSignals::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool serving = false;
  bool closing = false;
};

ClosingSignals::ClosingSignals() : state_(std::make_shared<State>()) {
  sigset_t signals = closing_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that leaves and a file that may not grow are errors of a write, not ours to die of.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  // Detached: it waits in sigwait for as long as the process lives and owns what it uses.
  std::thread([state = state_] { watch(*state); }).detach();
}

void ClosingSignals::begin_serving() {
  const std::lock_guard lock(state_->mutex);
  state_->serving = true;
}

bool ClosingSignals::wait_for(std::chrono::milliseconds time) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, time, [this] { return state_->closing; });
}

void ClosingSignals::watch(State& state) {
  const sigset_t signals = closing_signals();
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    const std::lock_guard lock(state.mutex);
    if (!state.serving || state.closing) ::_exit(128 + signal);
    state.closing = true;
    state.changed.notify_all();
  }
}

}  // namespace youtu
