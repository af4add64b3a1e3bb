#include "model/workspace.h"

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

// Cuts one allocation into activations; of nullptr, only measures.
class Cutter {
 public:
  explicit Cutter(float* data) : data_(data) {}

  // Rows start at 64-byte boundaries.
  Activation cut(int32_t rows, int32_t cols) {
    const int64_t stride = align_up<int64_t>(cols, 16);
    const Activation activation = {data_ ? data_ + used_ : nullptr, rows, cols, stride};
    used_ += stride * rows;
    return activation;
  }
  int64_t used() const { return used_; }

 private:
  float* data_;
  int64_t used_ = 0;
};

void cut_all(Workspace& w, const ModelConfig& c, Cutter& cutter) {
  const int32_t T = w.max_tokens, N = c.num_attention_heads;
  w.residual = cutter.cut(T, c.hidden_size);
  w.q_latent = cutter.cut(T, c.q_lora_rank);
  w.q = cutter.cut(T, N * c.qk_head_dim());
  w.latent = cutter.cut(T, c.kv_lora_rank + c.qk_rope_head_dim);
  w.attended = cutter.cut(T, N * c.v_head_dim);
  w.gate = cutter.cut(T, c.intermediate_size);
  w.up = cutter.cut(T, c.intermediate_size);
  w.last = cutter.cut(w.max_logit_rows, c.hidden_size);
  w.maxima = cutter.cut(w.max_logit_rows, div_ceil(c.vocab_size, kMaximaColumns));
  w.rope_cos = cutter.cut(1, T * c.qk_rope_head_dim / 2).data;
  w.rope_sin = cutter.cut(1, T * c.qk_rope_head_dim / 2).data;
}

}  // namespace

Result<Workspace> Workspace::create(const ModelConfig& config, int32_t max_tokens,
                                    int32_t max_logit_rows, int32_t max_sequences,
                                    Backend& backend) {
  CHECK(max_tokens > 0 && max_logit_rows > 0 && max_sequences > 0);
  Workspace w;
  w.max_tokens = max_tokens;
  w.max_logit_rows = max_logit_rows;
  w.forms.reserve(static_cast<size_t>(max_sequences));
  Cutter measure(nullptr);
  cut_all(w, config, measure);
  auto memory = backend.allocate(static_cast<size_t>(measure.used()) * sizeof(float));
  if (!memory) return memory.status().with_prefix("workspace: ");
  w.memory = std::move(*memory);
  Cutter cutter(w.memory.as<float>());
  cut_all(w, config, cutter);
  const StepLimits limits = {.max_tokens = max_tokens,
                             .num_heads = config.num_attention_heads,
                             .nope_dim = config.qk_nope_head_dim,
                             .rope_dim = config.qk_rope_head_dim,
                             .v_dim = config.v_head_dim,
                             .latent_dim = config.kv_lora_rank,
                             .norm_dim = std::max(config.hidden_size, config.q_lora_rank)};
  const auto reserved = backend.reserve(limits);
  if (!reserved) return reserved.status().with_prefix("workspace: ");
  w.backend_bytes = *reserved;
  return w;
}

}  // namespace youtu
