// Every activation of a step, allocated once and used again by each step.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "model/model_config.h"

namespace youtu {

// Shape letters as in model/weights.h; T tokens, S rows of logits. Owned by whoever runs steps.
struct Workspace {
  // Also lets `backend` set aside its own scratch memory, so create one workspace for a backend.
  static Result<Workspace> create(const ModelConfig& config, int32_t max_tokens,
                                  int32_t max_logit_rows, int32_t max_sequences, Backend& backend);

  int32_t max_tokens = 0;
  int32_t max_logit_rows = 0;
  Activation residual;               // [T, H] the residual stream, x
  Activation q_latent;               // [T, Q]
  Activation q;                      // [T, N * (P + R)]
  Activation latent;                 // [T, L + R]
  Activation attended;               // [T, N * V]
  Activation gate;                   // [T, I]
  Activation up;                     // [T, I]
  Activation last;                   // [S, H] rows whose logits are wanted
  Activation maxima;                 // [S, ceil(vocabulary / kMaximaColumns)] of the logits
  float* rope_cos = nullptr;         // [T, R/2]
  float* rope_sin = nullptr;         // [T, R/2]
  std::vector<AttentionForm> forms;  // [sequences of the step]
  Buffer memory;
  int64_t backend_bytes = 0;  // that the backend has set aside

  int64_t bytes() const { return static_cast<int64_t>(memory.size()) + backend_bytes; }
};

}  // namespace youtu
