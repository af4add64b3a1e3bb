// How long a request that comes now would wait, from what stands before it and what steps cost.
#pragma once

#include <cstdint>

namespace youtu {

// What the engine's thread knows after a step; plain numbers, so that whoever submits can
// calculate.
struct LoadForecast {
  int64_t max_batch_size = 1;
  int64_t num_requests = 0;        // running and waiting
  int64_t num_prompt_tokens = 0;   // of them, not yet computed
  int64_t num_waiting = 0;         // requests that have not begun
  int64_t num_waiting_tokens = 0;  // of their prompts
  double seconds_per_prompt_token = 0;
  double seconds_per_step = 0;      // of the streams; until a token follows the prompt
  double seconds_between_ends = 0;  // of requests while the engine is busy; 0 if unknown

  // From now until the first token of a request with so many prompt tokens to compute. Its prompt
  // is read after those before it; if the batch is full, somebody must end first.
  double first_token_seconds(int64_t prompt_tokens) const;
  // Until one more place is free.
  double place_seconds() const { return seconds_between_ends; }
  // Until so many prompt tokens more have room among `max_waiting_tokens`: as many requests must
  // end as those that wait in front are then fewer.
  double tokens_seconds(int64_t prompt_tokens, int64_t max_waiting_tokens) const;
};

}  // namespace youtu
