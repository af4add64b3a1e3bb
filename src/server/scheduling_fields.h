// The JSON fields that say how a request is scheduled: where it stands among others, what it shares
// with them, when it must be done, and what of it may be guessed.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "youtu/generation.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"

namespace youtu {

struct SchedulingFields {
  std::string cache_salt;  // empty: none
  int priority = 0;
  std::chrono::milliseconds timeout{0};   // timeout_ms; 0: none
  std::chrono::milliseconds ttft_slo{0};  // ttft_slo_ms; likewise
  bool speculation = true;
  std::string prediction;  // empty: none
};

// Sets the fields that `body` has; null is the same as absent. REQUIRES: `body` is an object.
Status read_scheduling_fields(const Json& body, SchedulingFields& fields);

// Fails on a prediction that the tokenizer refuses.
Status apply_scheduling(const SchedulingFields& fields, const Tokenizer& tokenizer,
                        GenerationRequest& request);

}  // namespace youtu
