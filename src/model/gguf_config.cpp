// The shape of a model from the keys of a GGUF file, as llama.cpp's converter writes them for
// Youtu-LLM: architecture "deepseek2", of which the head widths that count are those of the "*_mla"
// keys.
#include <array>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/printable.h"
#include "model/config_checks.h"

namespace youtu {

namespace {

constexpr std::string_view kPrefix = "deepseek2.";
// Wide enough for the latent plus the rope key, which the key_length of absorbed files counts.
constexpr IntRange kStoredWidthRange = {1, 1 << 17};

Status bad(std::string_view key, std::string message) {
  return Status::invalid_argument(std::string(key) + " " + std::move(message), std::string(key));
}

std::string key_of(std::string_view name) {
  return std::string(kPrefix) + std::string(name);
}

struct IntField {
  std::string_view name;
  int32_t ModelConfig::*field;
  IntRange range;
};

constexpr std::array<IntField, 7> kRequiredInts = {{
    {"embedding_length", &ModelConfig::hidden_size, kHiddenSizeRange},
    {"feed_forward_length", &ModelConfig::intermediate_size, kIntermediateSizeRange},
    {"block_count", &ModelConfig::num_hidden_layers, kLayersRange},
    {"attention.head_count", &ModelConfig::num_attention_heads, kHeadsRange},
    {"attention.kv_lora_rank", &ModelConfig::kv_lora_rank, kLoraRankRange},
    {"rope.dimension_count", &ModelConfig::qk_rope_head_dim, kRopeDimRange},
    {"context_length", &ModelConfig::max_position_embeddings, kPositionsRange},
}};

Status read_sizes(const GgufMetadata& metadata, ModelConfig& config) {
  for (const IntField& field : kRequiredInts) {
    const auto value = metadata.get_int(key_of(field.name), field.range.min, field.range.max);
    RETURN_IF_ERROR(value);
    config.*field.field = static_cast<int32_t>(*value);
  }
  if (config.qk_rope_head_dim % 2 != 0) {
    return bad(key_of("rope.dimension_count"),
               "is " + std::to_string(config.qk_rope_head_dim) + " (an even number)");
  }
  // Zero or absent: a direct projection.
  const auto rank = metadata.find_int(key_of("attention.q_lora_rank"), 0, kLoraRankRange.max);
  RETURN_IF_ERROR(rank);
  config.q_lora_rank = static_cast<int32_t>(rank->value_or(0));
  return Status::ok();
}

// Files from before the absorbed form have no "*_mla" keys; their plain keys are the widths of a
// head.
Status read_head_dims(const GgufMetadata& metadata, ModelConfig& config) {
  const bool has_mla = metadata.contains(key_of("attention.key_length_mla"));
  const std::string key_length =
      key_of(has_mla ? "attention.key_length_mla" : "attention.key_length");
  const std::string value_length =
      key_of(has_mla ? "attention.value_length_mla" : "attention.value_length");
  const auto key = metadata.get_int(key_length, 1, kHeadDimRange.max + kRopeDimRange.max);
  RETURN_IF_ERROR(key);
  const auto value = metadata.get_int(value_length, kHeadDimRange.min, kHeadDimRange.max);
  RETURN_IF_ERROR(value);
  const int64_t nope = *key - config.qk_rope_head_dim;
  if (nope < kHeadDimRange.min || nope > kHeadDimRange.max) {
    return bad(key_of("rope.dimension_count"), "is " + std::to_string(config.qk_rope_head_dim) +
                                                   " (less than " + key_length + ", which is " +
                                                   std::to_string(*key) + ")");
  }
  config.qk_nope_head_dim = static_cast<int32_t>(nope);
  config.v_head_dim = static_cast<int32_t>(*value);
  if (!has_mla) return Status::ok();
  // Absorbed files also say what a cached key is; that it fits shows that we understand the file.
  const auto stored = metadata.find_int(key_of("attention.key_length"), kStoredWidthRange.min,
                                        kStoredWidthRange.max);
  RETURN_IF_ERROR(stored);
  const int64_t latent_key = int64_t{config.kv_lora_rank} + config.qk_rope_head_dim;
  if (*stored && **stored != latent_key && **stored != *key) {
    return bad(key_of("attention.key_length"), "is " + std::to_string(**stored) + " (" +
                                                   std::to_string(latent_key) +
                                                   ", kv_lora_rank plus rope.dimension_count)");
  }
  return Status::ok();
}

Result<double> read_number(const GgufMetadata& metadata, const std::string& key, double min,
                           double max) {
  const auto value = metadata.get_float(key);
  RETURN_IF_ERROR(value);
  if (!(*value >= min && *value <= max)) {
    return bad(key,
               "is " + dump_json(*value) + " (" + dump_json(min) + " to " + dump_json(max) + ")");
  }
  return *value;
}

// Scaling by a factor of one is none; llama.cpp also reads rope.scale_linear, an older spelling.
Status check_rope_scaling(const GgufMetadata& metadata) {
  const auto type = metadata.find_string(key_of("rope.scaling.type"));
  RETURN_IF_ERROR(type);
  const auto factor = metadata.find_float(key_of("rope.scaling.factor"));
  RETURN_IF_ERROR(factor);
  const auto old_factor = metadata.find_float(key_of("rope.scale_linear"));
  RETURN_IF_ERROR(old_factor);
  if (*old_factor && **old_factor != 1.0) {
    return bad(key_of("rope.scale_linear"), "is " + dump_json(**old_factor) + " (1)");
  }
  if (!*type || **type == "none") return Status::ok();
  const bool is_identity = (**type == "yarn" || **type == "linear") && *factor && **factor == 1.0;
  if (is_identity) return Status::ok();
  return bad(key_of("rope.scaling.type"), "is " + printable(**type) + " with factor " +
                                              (*factor ? dump_json(**factor) : "unknown") +
                                              " (none, or a factor of 1)");
}

Status check_dense(const GgufMetadata& metadata, const ModelConfig& config) {
  const std::string key = key_of("expert_count");
  const auto experts = metadata.find_int(key, 0, INT32_MAX);
  RETURN_IF_ERROR(experts);
  const auto dense = metadata.find_int(key_of("leading_dense_block_count"), 0, INT32_MAX);
  RETURN_IF_ERROR(dense);
  if (experts->value_or(0) > 0 && dense->value_or(0) < config.num_hidden_layers) {
    return bad(key, "is " + std::to_string(**experts) + ": mixtures of experts are not supported");
  }
  const auto kv_heads = metadata.find_int(key_of("attention.head_count_kv"), 1, kHeadsRange.max);
  RETURN_IF_ERROR(kv_heads);
  // One where keys and values are seen as a single latent head, else as many as there are heads.
  if (*kv_heads && **kv_heads != 1 && **kv_heads != config.num_attention_heads) {
    return bad(key_of("attention.head_count_kv"), "is " + std::to_string(**kv_heads) + " (1 or " +
                                                      std::to_string(config.num_attention_heads) +
                                                      ")");
  }
  return Status::ok();
}

// A packed file of a GGUF model has the tensors under our names.
const TensorView* find_either(const TensorSource& tensors, std::string_view gguf_name,
                              std::string_view own_name) {
  const TensorView* tensor = tensors.find(gguf_name);
  return tensor ? tensor : tensors.find(own_name);
}

Result<int32_t> read_vocab_size(const GgufMetadata& metadata, const TensorSource& tensors) {
  const std::string key = key_of("vocab_size");
  const auto value = metadata.find_int(key, kVocabSizeRange.min, kVocabSizeRange.max);
  RETURN_IF_ERROR(value);
  if (*value) return static_cast<int32_t>(**value);
  // Older files leave it to the embedding matrix.
  const TensorView* embedding = find_either(tensors, "token_embd.weight", "embed_tokens.weight");
  if (!embedding || embedding->shape.size() != 2) return bad(key, "is missing");
  if (embedding->shape[0] > kVocabSizeRange.max) {
    return bad("token_embd.weight", "has " + std::to_string(embedding->shape[0]) + " rows (1 to " +
                                        std::to_string(kVocabSizeRange.max) + ")");
  }
  return static_cast<int32_t>(embedding->shape[0]);
}

}  // namespace

Result<ModelConfig> read_gguf_config(const GgufMetadata& metadata, const TensorSource& tensors) {
  const auto architecture = metadata.get_string("general.architecture");
  RETURN_IF_ERROR(architecture);
  if (*architecture != "deepseek2") {
    return Status::invalid_argument("unsupported architecture " + printable(*architecture) +
                                    " (deepseek2 is expected)");
  }
  ModelConfig config;
  RETURN_IF_ERROR(read_sizes(metadata, config));
  RETURN_IF_ERROR(read_head_dims(metadata, config));
  const auto eps =
      read_number(metadata, key_of("attention.layer_norm_rms_epsilon"), kMinNormEps, kMaxNormEps);
  RETURN_IF_ERROR(eps);
  config.rms_norm_eps = static_cast<float>(*eps);
  const auto theta = read_number(metadata, key_of("rope.freq_base"), kMinRopeTheta, kMaxRopeTheta);
  RETURN_IF_ERROR(theta);
  config.rope_theta = *theta;
  const auto vocab_size = read_vocab_size(metadata, tensors);
  RETURN_IF_ERROR(vocab_size);
  config.vocab_size = *vocab_size;
  config.rope_interleave = true;  // the only form that llama.cpp computes for this architecture
  config.tie_word_embeddings = find_either(tensors, "output.weight", "lm_head.weight") == nullptr;
  RETURN_IF_ERROR(check_rope_scaling(metadata));
  RETURN_IF_ERROR(check_dense(metadata, config));
  RETURN_IF_ERROR(check_config(config));
  return config;
}

}  // namespace youtu
