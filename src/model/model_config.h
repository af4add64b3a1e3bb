// What a Youtu-LLM checkpoint says about its shape, from config.json or GGUF keys. Every field is
// validated.
#pragma once

#include <cstdint>

#include "base/json.h"
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

// The eps of q_a_layernorm and kv_a_layernorm: the reference builds them with the class default,
// whatever the config says.
inline constexpr float kLatentNormEps = 1e-6f;

// What a checkpoint may say. Wide enough for any model of this architecture, and narrow enough that
// no product of two or three of them leaves int64_t, nor a projection's number of rows int32_t.
struct IntRange {
  int64_t min;
  int64_t max;
};
inline constexpr IntRange kHiddenSizeRange = {1, 65'536};
inline constexpr IntRange kIntermediateSizeRange = {1, 1 << 20};
inline constexpr IntRange kLayersRange = {1, 1'024};
inline constexpr IntRange kHeadsRange = {1, 1'024};
inline constexpr IntRange kLoraRankRange = {1, 65'536};
inline constexpr IntRange kHeadDimRange = {1, 1'024};
inline constexpr IntRange kRopeDimRange = {2, 1'024};
inline constexpr IntRange kVocabSizeRange = {1, 1 << 20};
inline constexpr IntRange kPositionsRange = {1, 1 << 24};
inline constexpr int64_t kMaxProjectionRows = 1 << 20;  // heads times the width of a head
inline constexpr double kMinNormEps = 1e-12, kMaxNormEps = 0.1;
inline constexpr double kMinRopeTheta = 1, kMaxRopeTheta = 1e12;

// The configuration of an opened model, of which the vocabulary has been compared with it. Errors
// name the file.
Result<ModelConfig> read_model_config(const OpenedModel& model);

// The two halves of it. Errors name the key.
Result<ModelConfig> read_json_config(const Json& config);
Result<ModelConfig> read_gguf_config(const GgufMetadata& metadata, const TensorSource& tensors);

}  // namespace youtu
