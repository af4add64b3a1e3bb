// The forward pass of Youtu-LLM over a Backend. See docs/mla.md for the mathematics.
#pragma once

#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/batch_view.h"
#include "model/latent_cache.h"
#include "model/model_config.h"
#include "model/weights.h"
#include "model/workspace.h"

namespace youtu {

// How attention is computed. kAuto expands keys and values for long fresh chunks and stays in the
// latent space otherwise; the other two force one form, for tests and for `youtu eval --attention`.
enum class AttentionMode { kAuto, kAbsorbed, kExpanded };

// Const after construction; one step at a time.
class YoutuModel {
 public:
  YoutuModel(ModelConfig config, Weights weights, Backend& backend);

  const ModelConfig& config() const { return config_; }
  const Weights& weights() const { return weights_; }

  // Computes one step: writes the latents of all T tokens into `cache` and the logits of
  // batch.logit_rows, in their order, into `logits` [logit_rows.size(), vocab_size]. REQUIRES: T
  // and the number of rows fit `workspace`.
  void forward(const BatchView& batch, LatentCache& cache, Workspace& workspace,
               std::span<float> logits, AttentionMode mode = AttentionMode::kAuto) const;

  // Gives rows of the cache other slots, in all layers, as if their tokens had stood `shift`
  // positions further (docs/mla.md); with 0 they are copied bit by bit. REQUIRES: no slot is both
  // read and written, or written twice.
  void move_latents(std::span<const LatentMove> moves, int32_t shift, LatentCache& cache,
                    Workspace& workspace) const;

 private:
  struct Step {
    int32_t T;
    Activation x;  // [T, H] the residual stream
    RopeTable rope;
  };
  Step begin_step(const BatchView& batch, Workspace& workspace, AttentionMode mode) const;
  void attend(const LayerWeights& layer, const Step& step, const LatentLayer& cache,
              Workspace& workspace) const;
  void feed_forward(const LayerWeights& layer, const Step& step, Workspace& workspace) const;

  ModelConfig config_;
  Weights weights_;
  Backend& backend_;
  std::vector<float> rope_frequencies_;  // [R/2]
};

}  // namespace youtu
