// What a Youtu-LLM checkpoint says about its shape, from config.json or GGUF keys. Every field is validated.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/open_model.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

// Field names are those of Hugging Face's config.json.
struct ModelConfig {
  int32_t hidden_size = 0;
  int32_t intermediate_size = 0;
  int32_t num_hidden_layers = 0;
  int32_t num_attention_heads = 0;
  int32_t q_lora_rank = 0;  // 0: a direct q_proj
  int32_t kv_lora_rank = 0;
  int32_t qk_nope_head_dim = 0;
  int32_t qk_rope_head_dim = 0;
  int32_t v_head_dim = 0;
  int32_t vocab_size = 0;
  int32_t max_position_embeddings = 0;
  float rms_norm_eps = 1e-6f;
  double rope_theta = 0;
  bool rope_interleave = true;
  bool tie_word_embeddings = true;

  int32_t qk_head_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }
  bool operator==(const ModelConfig&) const = default;
};

// The eps of q_a_layernorm and kv_a_layernorm: the reference builds them with the class default, whatever the config says.
inline constexpr float kLatentNormEps = 1e-6f;

Result<ModelConfig> read_model_config(const OpenedModel& model);

}  // namespace youtu
