#include "interruption.h"

#include <signal.h>

#include <array>

namespace youtu {
namespace {

volatile sig_atomic_t interrupted = 0;

void on_signal(int) {
  interrupted = 1;
}

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};
std::array<struct sigaction, kSignals.size()> before;

}  // namespace

InterruptionGuard::InterruptionGuard() {
  interrupted = 0;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action = {};
    const bool asks = kSignals[i] == SIGINT || kSignals[i] == SIGTERM;
    action.sa_handler = asks ? on_signal : SIG_IGN;
    action.sa_flags = asks ? static_cast<int>(SA_RESETHAND) : 0;
    sigaction(kSignals[i], &action, &before[i]);
  }
}

InterruptionGuard::~InterruptionGuard() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

bool InterruptionGuard::is_set() {
  return interrupted != 0;
}

}  // namespace youtu
