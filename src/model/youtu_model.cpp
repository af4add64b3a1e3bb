#include "model/youtu_model.h"

#include <cmath>

#include "base/check.h"
#include "model/rope.h"

namespace youtu {

namespace {

// The cheaper form of attention for a sequence, by multiply-accumulates (docs/mla.md). Projections
// into and out of the latent space cost what expanding the new tokens costs; what differs is the
// attention itself, 2L + R against P + R + V values a pair, and the expansion of the context that
// was there before.
AttentionForm cheaper_form(const ModelConfig& c, const SequenceSlice& sequence) {
  // Below this many new tokens the expanded form's fixed costs do not pay.
  constexpr int32_t kFewestExpandedQueries = 32;
  if (sequence.num_queries < kFewestExpandedQueries) return AttentionForm::kAbsorbed;
  const double queries = sequence.num_queries;
  const double past = sequence.context_length - sequence.num_queries;
  const double pairs = queries * (past + queries / 2) * c.num_attention_heads;
  const double absorbed = pairs * (2 * c.kv_lora_rank + c.qk_rope_head_dim);
  const double expanded =
      pairs * (c.qk_head_dim() + c.v_head_dim) +
      past * c.num_attention_heads * (c.qk_nope_head_dim + c.v_head_dim) * c.kv_lora_rank;
  return expanded < absorbed ? AttentionForm::kExpanded : AttentionForm::kAbsorbed;
}

}  // namespace

YoutuModel::YoutuModel(ModelConfig config, Weights weights, Backend& backend)
    : config_(config),
      weights_(std::move(weights)),
      backend_(backend),
      rope_frequencies_(rope_inverse_frequencies(config.rope_theta, config.qk_rope_head_dim)) {}

void YoutuModel::forward(const BatchView& batch, LatentCache& cache, Workspace& w,
                         std::span<float> logits, AttentionMode mode) const {
  const auto T = static_cast<int32_t>(batch.token_ids.size());
  const auto num_rows = static_cast<int32_t>(batch.logit_rows.size());
  CHECK(T > 0 && T <= w.max_tokens && num_rows <= w.max_logit_rows);
  CHECK(logits.size() == static_cast<size_t>(num_rows) * static_cast<size_t>(config_.vocab_size));

  const Step step = begin_step(batch, w, mode);
  backend_.embed(weights_.embed_tokens, step.x);
  for (int32_t i = 0; i < config_.num_hidden_layers; ++i) {
    const LayerWeights& layer = weights_.layers[static_cast<size_t>(i)];
    attend(layer, step, cache.layer(i), w);
    feed_forward(layer, step, w);
  }
  if (num_rows == 0) return;
  const Activation last = w.last.first_rows(num_rows);
  backend_.gather_rows(step.x, batch.logit_rows, last);
  const Weight& head = weights_.lm_head.empty() ? weights_.embed_tokens : weights_.lm_head;
  const Projection projection = {&head,
                                 {logits.data(), num_rows, config_.vocab_size, config_.vocab_size},
                                 w.maxima.first_rows(num_rows)};
  backend_.norm_linear(last, weights_.norm, config_.rms_norm_eps, {&projection, 1});
}

// Rotations add up, so a rope key of position p turned on by `shift` is that of p + shift.
void YoutuModel::move_latents(std::span<const LatentMove> moves, int32_t shift, LatentCache& cache,
                              Workspace& w) const {
  rope_angles({&shift, 1}, rope_frequencies_, w.rope_cos, w.rope_sin);
  const RopeTable turn = {w.rope_cos, w.rope_sin, config_.qk_rope_head_dim,
                          config_.rope_interleave};
  for (int32_t i = 0; i < config_.num_hidden_layers; ++i) {
    backend_.move_latents(moves, shift == 0 ? nullptr : &turn, cache.layer(i));
  }
}

YoutuModel::Step YoutuModel::begin_step(const BatchView& batch, Workspace& w,
                                        AttentionMode mode) const {
  const auto T = static_cast<int32_t>(batch.token_ids.size());
  rope_angles(batch.positions, rope_frequencies_, w.rope_cos, w.rope_sin);
  w.forms.clear();
  for (const SequenceSlice& sequence : batch.sequences) {
    w.forms.push_back(mode == AttentionMode::kAuto       ? cheaper_form(config_, sequence)
                      : mode == AttentionMode::kAbsorbed ? AttentionForm::kAbsorbed
                                                         : AttentionForm::kExpanded);
  }
  backend_.begin_step(batch);
  return {.T = T,
          .x = w.residual.first_rows(T),
          .rope = {w.rope_cos, w.rope_sin, config_.qk_rope_head_dim, config_.rope_interleave}};
}

// x += o_proj(attention(norm(x))), sections 2.1.2 and 2.1.3 of the paper.
void YoutuModel::attend(const LayerWeights& layer, const Step& step, const LatentLayer& cache,
                        Workspace& w) const {
  const Activation q = w.q.first_rows(step.T), latent = w.latent.first_rows(step.T);
  const Activation attended = w.attended.first_rows(step.T);
  const Activation q_latent = w.q_latent.first_rows(step.T);
  const bool has_q_rank = config_.q_lora_rank > 0;
  const Projection projections[] = {
      has_q_rank ? Projection{&layer.q_a_proj, q_latent} : Projection{&layer.q_b_proj, q},
      {&layer.kv_a_proj_with_mqa, latent}};
  backend_.norm_linear(step.x, layer.input_layernorm, config_.rms_norm_eps, projections);
  if (has_q_rank) {
    const Projection q_b = {&layer.q_b_proj, q};
    backend_.norm_linear(q_latent, layer.q_a_layernorm, kLatentNormEps, {&q_b, 1});
  }
  backend_.rotate_and_store({.rope = step.rope,
                             .q = q,
                             .num_heads = config_.num_attention_heads,
                             .latents = latent,
                             .gain = &layer.kv_a_layernorm,
                             .eps = kLatentNormEps,
                             .cache = cache});
  backend_.mla_attention({.k_b = &layer.k_b,
                          .v_b = &layer.v_b,
                          .k_up = &layer.k_up,
                          .num_heads = config_.num_attention_heads,
                          .nope_dim = config_.qk_nope_head_dim,
                          .v_dim = config_.v_head_dim,
                          .scale = 1.0f / std::sqrt(static_cast<float>(config_.qk_head_dim())),
                          .cache = cache,
                          .q = q,
                          .out = attended,
                          .forms = w.forms});
  backend_.linear_add(layer.o_proj, attended, step.x);
}

// x += down_proj(silu(gate_proj(norm(x))) * up_proj(norm(x)))
void YoutuModel::feed_forward(const LayerWeights& layer, const Step& step, Workspace& w) const {
  const Activation gate = w.gate.first_rows(step.T), up = w.up.first_rows(step.T);
  const Projection projections[] = {{&layer.gate_proj, gate}, {&layer.up_proj, up}};
  backend_.norm_linear(step.x, layer.post_attention_layernorm, config_.rms_norm_eps, projections);
  backend_.swiglu_linear_add(layer.down_proj, gate, up, step.x);
}

}  // namespace youtu
