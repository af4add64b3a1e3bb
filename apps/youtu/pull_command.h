// Pulling a model, as `youtu pull` and every command that meets a model's name do it.
#pragma once

#include <functional>
#include <string>

#include "youtu/status.h"

namespace youtu {

struct PullFlags {
  std::string model;
  std::string file = {};  // instead of :VARIANT in the name
  std::string from = {};
  int connections = 4;
  int retries = 5;
  double retry_delay_s = 1;
  int stall_timeout_s = 30;
  bool allow_http = false;
  // Told some times a second which share of all is here, 0 to 1; of another thread.
  std::function<void(double share)> on_progress = {};
};

// Shows what it does on stderr; the path to open. kCancelled after Ctrl-C.
Result<std::string> pull_model(const PullFlags& flags);

}  // namespace youtu
