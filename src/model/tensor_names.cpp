#include "model/tensor_names.h"

#include <array>
#include <optional>
#include <set>

#include "base/check.h"
#include "formats/printable.h"
#include "tensor/dequantize.h"

namespace youtu {

namespace {

using Shape = std::vector<int64_t>;

// Names after "layers.<n>." (Hugging Face: "model.layers.<n>.", GGUF: "blk.<n>.").
struct LayerTensor {
  std::string_view name;
  std::string_view gguf_name;
  bool (*is_used)(const ModelConfig& c, bool split_kv_b);
  Shape (*shape)(const ModelConfig& c);
};

bool always(const ModelConfig&, bool) {
  return true;
}
bool with_q_rank(const ModelConfig& c, bool) {
  return c.q_lora_rank > 0;
}
bool without_q_rank(const ModelConfig& c, bool) {
  return c.q_lora_rank == 0;
}
bool with_split_kv_b(const ModelConfig&, bool split_kv_b) {
  return split_kv_b;
}
bool with_joined_kv_b(const ModelConfig&, bool split_kv_b) {
  return !split_kv_b;
}

int64_t query_rows(const ModelConfig& c) {
  return int64_t{c.num_attention_heads} * c.qk_head_dim();
}

constexpr std::array<LayerTensor, 15> kLayerTensors = {{
    {"input_layernorm.weight", "attn_norm.weight", always,
     [](const ModelConfig& c) { return Shape{c.hidden_size}; }},
    {"self_attn.q_proj.weight", "attn_q.weight", without_q_rank,
     [](const ModelConfig& c) {
       return Shape{query_rows(c), c.hidden_size};
     }},
    {"self_attn.q_a_proj.weight", "attn_q_a.weight", with_q_rank,
     [](const ModelConfig& c) {
       return Shape{c.q_lora_rank, c.hidden_size};
     }},
    {"self_attn.q_a_layernorm.weight", "attn_q_a_norm.weight", with_q_rank,
     [](const ModelConfig& c) { return Shape{c.q_lora_rank}; }},
    {"self_attn.q_b_proj.weight", "attn_q_b.weight", with_q_rank,
     [](const ModelConfig& c) {
       return Shape{query_rows(c), c.q_lora_rank};
     }},
    {"self_attn.kv_a_proj_with_mqa.weight", "attn_kv_a_mqa.weight", always,
     [](const ModelConfig& c) {
       return Shape{c.kv_lora_rank + c.qk_rope_head_dim, c.hidden_size};
     }},
    {"self_attn.kv_a_layernorm.weight", "attn_kv_a_norm.weight", always,
     [](const ModelConfig& c) { return Shape{c.kv_lora_rank}; }},
    {"self_attn.kv_b_proj.weight", "attn_kv_b.weight", with_joined_kv_b,
     [](const ModelConfig& c) {
       return Shape{int64_t{c.num_attention_heads} * (c.qk_nope_head_dim + c.v_head_dim),
                    c.kv_lora_rank};
     }},
    {"self_attn.k_b_proj.weight", "attn_k_b.weight", with_split_kv_b,
     [](const ModelConfig& c) {
       return Shape{c.num_attention_heads, c.kv_lora_rank, c.qk_nope_head_dim};
     }},
    {"self_attn.v_b_proj.weight", "attn_v_b.weight", with_split_kv_b,
     [](const ModelConfig& c) {
       return Shape{c.num_attention_heads, c.v_head_dim, c.kv_lora_rank};
     }},
    {"self_attn.o_proj.weight", "attn_output.weight", always,
     [](const ModelConfig& c) {
       return Shape{c.hidden_size, int64_t{c.num_attention_heads} * c.v_head_dim};
     }},
    {"post_attention_layernorm.weight", "ffn_norm.weight", always,
     [](const ModelConfig& c) { return Shape{c.hidden_size}; }},
    {"mlp.gate_proj.weight", "ffn_gate.weight", always,
     [](const ModelConfig& c) {
       return Shape{c.intermediate_size, c.hidden_size};
     }},
    {"mlp.up_proj.weight", "ffn_up.weight", always,
     [](const ModelConfig& c) {
       return Shape{c.intermediate_size, c.hidden_size};
     }},
    {"mlp.down_proj.weight", "ffn_down.weight", always,
     [](const ModelConfig& c) {
       return Shape{c.hidden_size, c.intermediate_size};
     }},
}};

struct ModelTensor {
  std::string_view name;
  std::string_view hugging_face_name;
  std::string_view gguf_name;
};
constexpr ModelTensor kEmbedTokens = {"embed_tokens.weight", "model.embed_tokens.weight",
                                      "token_embd.weight"};
constexpr ModelTensor kNorm = {"norm.weight", "model.norm.weight", "output_norm.weight"};
constexpr ModelTensor kLmHead = {"lm_head.weight", "lm_head.weight", "output.weight"};

constexpr std::string_view kLayersPrefix = "layers.";
constexpr size_t kMaxNamedProblems = 4;

std::string_view file_name(const ModelTensor& tensor, NameStyle style) {
  switch (style) {
    case NameStyle::kHuggingFace:
      return tensor.hugging_face_name;
    case NameStyle::kGguf:
      return tensor.gguf_name;
    case NameStyle::kOwn:
      return tensor.name;
  }
  UNREACHABLE();
}

std::string_view layers_prefix(NameStyle style) {
  switch (style) {
    case NameStyle::kHuggingFace:
      return "model.layers.";
    case NameStyle::kGguf:
      return "blk.";
    case NameStyle::kOwn:
      return kLayersPrefix;
  }
  UNREACHABLE();
}

std::string file_name(const LayerTensor& tensor, std::string_view layer, NameStyle style) {
  std::string name(layers_prefix(style));
  name += layer;
  name += '.';
  name += style == NameStyle::kGguf ? tensor.gguf_name : tensor.name;
  return name;
}

// "layers.3.mlp.up_proj.weight" -> the spelling of `style`. Nothing for a name that is not in the
// table.
std::optional<std::string> file_name_of(std::string_view name, NameStyle style) {
  for (const ModelTensor& tensor : {kEmbedTokens, kNorm, kLmHead}) {
    if (tensor.name == name) return std::string(file_name(tensor, style));
  }
  if (!name.starts_with(kLayersPrefix)) return std::nullopt;
  name.remove_prefix(kLayersPrefix.size());
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  for (const LayerTensor& tensor : kLayerTensors) {
    if (tensor.name == name.substr(dot + 1)) return file_name(tensor, name.substr(0, dot), style);
  }
  return std::nullopt;
}

std::string shown(const Shape& shape) {
  std::string text = "[";
  for (const int64_t dimension : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(dimension);
  }
  return text + "]";
}

// Only matrices are packed, and those whose heads are multiplied alone only in whole panels.
std::string packed_problem(const ExpectedTensor& expected, const TensorView& tensor,
                           const ModelConfig& config) {
  const bool is_by_head = expected.shape.size() == 3;
  if (expected.shape.size() == 1) {
    return expected.file_name + " has type " + tensor.type_name() + " (F32 is expected)";
  }
  if (is_by_head && !has_whole_head_panels(config)) {
    return expected.file_name + " has type " + tensor.type_name() +
           ", but its heads are no whole panels of " + std::to_string(kPackedPanelRows) + " rows";
  }
  return {};
}

// What is wrong with a tensor, or an empty string.
std::string problem_of(const ExpectedTensor& expected, const TensorView* tensor,
                       const ModelConfig& config, bool is_packed_file) {
  if (!tensor) return expected.file_name + " is missing";
  if (tensor->shape != expected.shape) {
    return expected.file_name + " has shape " + shown(tensor->shape) + " (" +
           shown(expected.shape) + " is expected)";
  }
  if (tensor->packed) return packed_problem(expected, *tensor, config);
  if (is_packed_file && expected.shape.size() == 1 && tensor->dtype != DType::kF32) {
    return expected.file_name + " has dtype " + std::string(to_string(tensor->dtype)) +
           " (F32 is expected)";
  }
  if (!can_dequantize(tensor->dtype)) {
    return expected.file_name + " has dtype " + std::string(to_string(tensor->dtype)) +
           ", which is not supported for weights";
  }
  return {};
}

Status problems_error(const std::string& path, const std::vector<std::string>& problems) {
  std::string message = path + ": ";
  for (size_t i = 0; i < problems.size() && i < kMaxNamedProblems; ++i) {
    if (i > 0) message += "; ";
    message += "tensor " + problems[i];
  }
  if (problems.size() > kMaxNamedProblems) {
    message += "; and " + std::to_string(problems.size() - kMaxNamedProblems) + " more";
  }
  return Status::invalid_argument(std::move(message));
}

// Of a packed file: k_up of the layers that have it, which is always packed.
void add_turned_keys(const OpenedModel& model, const ModelConfig& config,
                     std::vector<ExpectedTensor>& expected, std::vector<std::string>& problems) {
  const auto is_packed = [&](const std::string& name) {
    const TensorView* tensor = model.tensors->find(name);
    return tensor != nullptr && tensor->packed.has_value();
  };
  for (int32_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = std::string(kLayersPrefix) + std::to_string(i);
    if (!has_turned_keys(config, is_packed(layer + ".self_attn.k_b_proj.weight"),
                         is_packed(layer + ".self_attn.v_b_proj.weight"))) {
      continue;
    }
    expected.push_back(turned_keys_tensor(config, i));
    const std::string& name = expected.back().name;
    if (model.tensors->find(name) != nullptr && !is_packed(name)) {
      problems.push_back(name + " is not packed");
    }
  }
}

std::vector<std::string> extra_tensors(const OpenedModel& model,
                                       const std::vector<ExpectedTensor>& expected, bool is_tied) {
  std::set<std::string_view> names;
  for (const ExpectedTensor& tensor : expected) names.insert(tensor.file_name);
  const std::string_view head = file_name(kLmHead, name_style(model));
  std::vector<std::string> warnings;
  size_t num_extra = 0;
  for (const TensorView& tensor : model.tensors->tensors()) {
    if (names.contains(tensor.name)) continue;
    if (is_tied && tensor.name == head) {
      warnings.push_back("tensor " + tensor.name +
                         " is ignored: the head is tied to the embedding");
    } else if (++num_extra <= kMaxNamedProblems) {
      warnings.push_back("tensor " + printable(tensor.name) +
                         " is not part of this architecture and is ignored");
    }
  }
  if (num_extra > kMaxNamedProblems) {
    warnings.push_back(std::to_string(num_extra - kMaxNamedProblems) + " more tensors are ignored");
  }
  return warnings;
}

}  // namespace

bool has_whole_head_panels(const ModelConfig& config) {
  return config.kv_lora_rank % kPackedPanelRows == 0 && config.v_head_dim % kPackedPanelRows == 0;
}

bool has_turned_keys(const ModelConfig& config, bool is_k_b_packed, bool is_v_b_packed) {
  return is_k_b_packed && is_v_b_packed && config.qk_nope_head_dim % kPackedPanelRows == 0;
}

ExpectedTensor turned_keys_tensor(const ModelConfig& config, int32_t layer) {
  const std::string name =
      std::string(kLayersPrefix) + std::to_string(layer) + ".self_attn.k_up_proj.weight";
  return {name, name, {config.num_attention_heads, config.qk_nope_head_dim, config.kv_lora_rank}};
}

NameStyle name_style(const OpenedModel& model) {
  if (model.packed) return NameStyle::kOwn;
  return std::holds_alternative<GgufMetadata>(model.description) ? NameStyle::kGguf
                                                                 : NameStyle::kHuggingFace;
}

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config, NameStyle style,
                                             bool split_kv_b) {
  std::vector<ExpectedTensor> tensors;
  const auto add = [&](const ModelTensor& tensor, Shape shape) {
    tensors.push_back(
        {std::string(tensor.name), std::string(file_name(tensor, style)), std::move(shape)});
  };
  add(kEmbedTokens, {config.vocab_size, config.hidden_size});
  for (int32_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = std::to_string(i);
    for (const LayerTensor& tensor : kLayerTensors) {
      if (!tensor.is_used(config, split_kv_b)) continue;
      tensors.push_back({std::string(kLayersPrefix) + layer + "." + std::string(tensor.name),
                         file_name(tensor, layer, style), tensor.shape(config)});
    }
  }
  add(kNorm, {config.hidden_size});
  if (!config.tie_word_embeddings) add(kLmHead, {config.vocab_size, config.hidden_size});
  return tensors;
}

bool has_split_kv_b(const OpenedModel& model) {
  const NameStyle style = name_style(model);
  if (style == NameStyle::kOwn) return true;
  return style == NameStyle::kGguf && !find_tensor(model, "layers.0.self_attn.kv_b_proj.weight");
}

const TensorView* find_tensor(const OpenedModel& model, std::string_view name) {
  const auto in_file = file_name_of(name, name_style(model));
  CHECK(in_file.has_value());
  return model.tensors->find(*in_file);
}

Result<std::vector<std::string>> check_tensors(const OpenedModel& model,
                                               const ModelConfig& config) {
  auto expected = expected_tensors(config, name_style(model), has_split_kv_b(model));
  std::vector<std::string> problems;
  if (model.packed) add_turned_keys(model, config, expected, problems);
  for (const ExpectedTensor& tensor : expected) {
    std::string problem =
        problem_of(tensor, model.tensors->find(tensor.file_name), config, model.packed.has_value());
    if (!problem.empty()) problems.push_back(std::move(problem));
  }
  if (!problems.empty()) return problems_error(model.path, problems);
  return extra_tensors(model, expected, config.tie_word_embeddings);
}

}  // namespace youtu
