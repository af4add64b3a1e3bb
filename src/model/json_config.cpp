// The shape of a model from config.json, in every spelling that Youtu-LLM checkpoints have been
// published with.
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "base/check.h"
#include "formats/printable.h"
#include "model/config_checks.h"

namespace youtu {

namespace {

constexpr std::string_view kArchitecture = "YoutuForCausalLM";
// Today's, the first release's and older conversions', and that of one relabelled conversion.
constexpr std::array<std::string_view, 3> kModelTypes = {"youtu", "youtu_llm", "deepseek_v2"};

Status bad(std::string_view key, std::string message) {
  return Status::invalid_argument(std::string(key) + " " + std::move(message), std::string(key));
}

std::string shown(const Json& value) {
  return printable(dump_json(value), 40);
}

// Null where the key is absent.
const Json& at(const Json& object, std::string_view key) {
  static const Json kNull;
  const auto it = object.find(key);
  return it == object.end() ? kNull : *it;
}

Result<int32_t> read_int(const Json& config, std::string_view key, IntRange range) {
  const Json& value = at(config, key);
  const std::string allowed =
      " (" + std::to_string(range.min) + " to " + std::to_string(range.max) + ")";
  if (value.is_null()) return bad(key, "is missing" + allowed);
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX);
  if (!fits || value.get<int64_t>() < range.min || value.get<int64_t>() > range.max) {
    return bad(key, "is " + shown(value) + allowed);
  }
  return value.get<int32_t>();
}

std::string double_range(double min, double max) {
  // The limits are few digits long, and std::to_string() would print 1e-12 as zero.
  return " (" + dump_json(min) + " to " + dump_json(max) + ")";
}

Result<double> read_number(const Json& value, std::string_view key, double min, double max) {
  if (value.is_null()) return bad(key, "is missing" + double_range(min, max));
  if (!value.is_number()) return bad(key, "is " + shown(value) + double_range(min, max));
  const auto number = value.get<double>();
  // Written so that NaN fails.
  if (!(number >= min && number <= max))
    return bad(key, "is " + shown(value) + double_range(min, max));
  return number;
}

Result<bool> read_bool(const Json& config, std::string_view key, bool default_value) {
  const Json& value = at(config, key);
  if (value.is_null()) return default_value;
  if (!value.is_boolean()) return bad(key, "is " + shown(value) + " (true or false)");
  return value.get<bool>();
}

Status check_architecture(const Json& config) {
  const Json& architectures = at(config, "architectures");
  const Json& model_type = at(config, "model_type");
  const std::string expected = " (" + std::string(kArchitecture) + " is expected)";
  if (!architectures.is_null() &&
      (!architectures.is_array() || architectures.empty() || architectures[0] != kArchitecture)) {
    return Status::invalid_argument("unsupported architecture " + shown(architectures) + expected);
  }
  const bool known_type = model_type.is_string() &&
                          std::find(kModelTypes.begin(), kModelTypes.end(),
                                    model_type.get_ref<const std::string&>()) != kModelTypes.end();
  // Without an architecture only the two names that nobody else uses will do.
  if (!known_type || (architectures.is_null() && model_type == "deepseek_v2")) {
    return Status::invalid_argument("unsupported architecture: model_type is " + shown(model_type) +
                                    expected);
  }
  return Status::ok();
}

// A block that names a rope type. Scaling by a factor of one is none; anything else would need
// another formula.
Status check_rope_type(const Json& rope, std::string_view key) {
  const Json& type = rope.contains("rope_type") ? at(rope, "rope_type") : at(rope, "type");
  if (type.is_null() || type == "default") return Status::ok();
  const Json& factor = at(rope, "factor");
  const bool scales_by_factor = type == "yarn" || type == "linear";
  if (scales_by_factor && factor.is_number() && factor.get<double>() == 1.0) return Status::ok();
  return bad(key, "asks for rope type " + shown(type) + " with factor " + shown(factor) +
                      " (default, or a factor of 1)");
}

// The base stands in rope_parameters or, in older files, at the top. There is no default: a wrong
// one ruins the model without a sign.
Result<double> read_rope_theta(const Json& config) {
  for (const std::string_view key : {"rope_parameters", "rope_scaling"}) {
    const Json& rope = at(config, key);
    if (rope.is_null()) continue;
    if (!rope.is_object()) return bad(key, "is " + shown(rope) + " (an object)");
    RETURN_IF_ERROR(check_rope_type(rope, key));
  }
  const Json& parameters = at(config, "rope_parameters");
  const Json& inner = parameters.is_object() ? at(parameters, "rope_theta") : parameters;
  return read_number(inner.is_null() ? at(config, "rope_theta") : inner, "rope_theta",
                     kMinRopeTheta, kMaxRopeTheta);
}

// Variants of the architecture that this program does not compute.
Status check_variants(const Json& config, const ModelConfig& parsed) {
  for (const std::string_view key : {"quantization_config", "quantization"}) {
    const Json& quantization = at(config, key);
    if (quantization.is_null()) continue;
    const Json& method = quantization.is_object() ? at(quantization, "quant_method") : quantization;
    return bad(key, "asks for quantization " + shown(method) +
                        " (safetensors of F32, F16 or BF16 are supported)");
  }
  const auto bias = read_bool(config, "attention_bias", false);
  RETURN_IF_ERROR(bias);
  if (*bias) return bad("attention_bias", "is true (false is supported)");
  const Json& activation = at(config, "hidden_act");
  if (!activation.is_null() && activation != "silu") {
    return bad("hidden_act", "is " + shown(activation) + " (\"silu\")");
  }
  const Json& kv_heads = at(config, "num_key_value_heads");
  if (!kv_heads.is_null() && kv_heads != parsed.num_attention_heads) {
    return bad("num_key_value_heads", "is " + shown(kv_heads) + " (" +
                                          std::to_string(parsed.num_attention_heads) +
                                          ", the same as num_attention_heads)");
  }
  const Json& experts = at(config, "n_routed_experts");
  const Json& dense = at(config, "first_k_dense_replace");
  const bool all_dense = dense.is_number_integer() && dense >= parsed.num_hidden_layers;
  if (!experts.is_null() && experts != 0 && !all_dense) {
    return bad("n_routed_experts",
               "is " + shown(experts) + ": mixtures of experts are not supported");
  }
  return Status::ok();
}

struct IntField {
  std::string_view key;
  int32_t ModelConfig::*field;
  IntRange range;
};

constexpr std::array<IntField, 10> kRequiredInts = {{
    {"hidden_size", &ModelConfig::hidden_size, kHiddenSizeRange},
    {"intermediate_size", &ModelConfig::intermediate_size, kIntermediateSizeRange},
    {"num_hidden_layers", &ModelConfig::num_hidden_layers, kLayersRange},
    {"num_attention_heads", &ModelConfig::num_attention_heads, kHeadsRange},
    {"kv_lora_rank", &ModelConfig::kv_lora_rank, kLoraRankRange},
    {"qk_nope_head_dim", &ModelConfig::qk_nope_head_dim, kHeadDimRange},
    {"qk_rope_head_dim", &ModelConfig::qk_rope_head_dim, kRopeDimRange},
    {"v_head_dim", &ModelConfig::v_head_dim, kHeadDimRange},
    {"vocab_size", &ModelConfig::vocab_size, kVocabSizeRange},
    {"max_position_embeddings", &ModelConfig::max_position_embeddings, kPositionsRange},
}};

Status read_sizes(const Json& config, ModelConfig& parsed) {
  for (const IntField& field : kRequiredInts) {
    const auto value = read_int(config, field.key, field.range);
    RETURN_IF_ERROR(value);
    parsed.*field.field = *value;
  }
  if (parsed.qk_rope_head_dim % 2 != 0) {
    return bad("qk_rope_head_dim",
               "is " + std::to_string(parsed.qk_rope_head_dim) + " (an even number)");
  }
  // Null selects a direct projection; a missing key says nothing.
  if (!config.contains("q_lora_rank"))
    return bad("q_lora_rank", "is missing (a number, or null for none)");
  if (at(config, "q_lora_rank").is_null()) return Status::ok();
  const auto rank = read_int(config, "q_lora_rank", kLoraRankRange);
  RETURN_IF_ERROR(rank);
  parsed.q_lora_rank = *rank;
  return Status::ok();
}

}  // namespace

Result<ModelConfig> read_json_config(const Json& config) {
  if (!config.is_object()) return Status::invalid_argument("is no JSON object");
  RETURN_IF_ERROR(check_architecture(config));
  ModelConfig parsed;
  RETURN_IF_ERROR(read_sizes(config, parsed));
  const auto eps =
      read_number(at(config, "rms_norm_eps"), "rms_norm_eps", kMinNormEps, kMaxNormEps);
  RETURN_IF_ERROR(eps);
  parsed.rms_norm_eps = static_cast<float>(*eps);
  const auto theta = read_rope_theta(config);
  RETURN_IF_ERROR(theta);
  parsed.rope_theta = *theta;
  // Both default to true in the reference; writers leave out tie_word_embeddings where it has its
  // default.
  const auto interleave = read_bool(config, "rope_interleave", true);
  RETURN_IF_ERROR(interleave);
  parsed.rope_interleave = *interleave;
  const auto tie = read_bool(config, "tie_word_embeddings", true);
  RETURN_IF_ERROR(tie);
  parsed.tie_word_embeddings = *tie;
  RETURN_IF_ERROR(check_variants(config, parsed));
  RETURN_IF_ERROR(check_config(parsed));
  return parsed;
}

}  // namespace youtu
