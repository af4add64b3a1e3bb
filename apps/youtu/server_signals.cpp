#include "server_signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace youtu {

namespace {

sigset_t taken_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGHUP);
  return signals;
}

bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

// As nohup does it, for programs that shall outlive their terminal.
bool ignores_hangup() {
  struct sigaction action {};
  return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

struct ServerSignals::State {
  const char* last_words = nullptr;
  bool ends_with_terminal = false;
  std::mutex mutex;
  std::condition_variable changed;
  bool serving = false;
  bool closing = false;
  bool wants_reload = false;
};

ServerSignals::ServerSignals() : state_(std::make_shared<State>()) {
  state_->ends_with_terminal = has_terminal() && !ignores_hangup();
  sigset_t signals = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that leaves and a file that may not grow are errors of a write, not ours to die of.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  // Other servers reopen logs or print statistics then: who sends them by habit ends nothing.
  ::signal(SIGUSR1, SIG_IGN);
  ::signal(SIGUSR2, SIG_IGN);
  // Detached: it waits in sigwait for as long as the process lives and owns what it uses.
  std::thread([state = state_] { watch(*state); }).detach();
}

void ServerSignals::set_last_words(const char* line) {
  const std::lock_guard lock(state_->mutex);
  state_->last_words = line;
}

void ServerSignals::begin_serving() {
  const std::lock_guard lock(state_->mutex);
  state_->serving = true;
}

ServerSignals::Wish ServerSignals::wait_for(std::chrono::milliseconds time) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait_for(lock, time, [&] { return state.closing || state.wants_reload; });
  if (state.closing) return Wish::kClose;
  return std::exchange(state.wants_reload, false) ? Wish::kReload : Wish::kNone;
}

void ServerSignals::watch(State& state) {
  const sigset_t signals = taken_signals();
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    const bool is_reload = signal == SIGHUP && !(state.ends_with_terminal && !has_terminal());
    const std::lock_guard lock(state.mutex);
    if (is_reload) {
      state.wants_reload = true;
    } else if (!state.serving || state.closing) {
      if (state.last_words != nullptr) {
        [[maybe_unused]] const auto written =
            ::write(STDERR_FILENO, state.last_words, std::strlen(state.last_words));
      }
      ::_exit(128 + signal);
    } else {
      state.closing = true;
    }
    state.changed.notify_all();
  }
}

}  // namespace youtu
