// What computes a step. The engine's own arithmetic ends here: behind it is the model, or in tests
// a script.
#pragma once

#include <cstdint>
#include <span>

#include "backend/batch_view.h"
#include "youtu/status.h"

namespace youtu {

// Engine thread only. Owns the cache that the slots of a batch stand for.
class StepExecutor {
 public:
  virtual ~StepExecutor() = default;

  virtual int32_t vocab_size() const = 0;
  // Gives rows of the cache other slots, as if their tokens had stood `shift` positions further.
  // REQUIRES: no slot is both read and written, or written twice.
  virtual void move_latents(std::span<const LatentMove> moves, int32_t shift) = 0;
  // Computes all tokens of `batch` and writes the logits of batch.logit_rows, in their order, into
  // `logits` [logit_rows.size(), vocab_size]. An error ends the requests of this step; the next
  // step may be tried.
  virtual Status forward(const BatchView& batch, std::span<float> logits) = 0;
  // Of a row of the last step's logits, as BlockMaxima::reset wants them; or nothing, where they
  // were not computed on the way.
  virtual std::span<const float> block_maxima(int32_t /*row*/) const { return {}; }
};

}  // namespace youtu
