// The names and shapes of a checkpoint's tensors: one table for Hugging Face's and llama.cpp's
// spelling. Our own names are Hugging Face's without "model.":
// "layers.0.self_attn.q_a_proj.weight".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/open_model.h"
#include "model/model_config.h"
#include "tensor/tensor_view.h"
#include "youtu/status.h"

namespace youtu {

enum class NameStyle { kHuggingFace, kGguf, kOwn };
NameStyle name_style(const OpenedModel& model);

// A tensor that a checkpoint must have. Its shape in shape letters: H hidden, N heads, P nope, R
// rope, V value, L latent rank, I intermediate.
struct ExpectedTensor {
  std::string name;       // ours
  std::string file_name;  // that of the style
  std::vector<int64_t> shape;
};

// All tensors that `config` needs, layer by layer. `split_kv_b`: instead of kv_b_proj [N (P + V),
// L], whose rows are [P of k | V of v] for each head, the two parts that llama.cpp makes of it:
// k_b_proj [N, L, P], transposed, and v_b_proj [N, V, L].
std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config, NameStyle style,
                                             bool split_kv_b);

// Whether the model holds k_b and v_b instead of kv_b: newer GGUF files and all packed ones.
bool has_split_kv_b(const OpenedModel& model);

// Whether a layer with such a k_b and v_b also has k_up, the keys the other way round, which only
// whole panels of a head can serve.
bool has_turned_keys(const ModelConfig& config, bool is_k_b_packed, bool is_v_b_packed);
// k_up in a packed file, [N, P, L].
ExpectedTensor turned_keys_tensor(const ModelConfig& config, int32_t layer);

// Whether k_b and v_b can be packed: a head is a stretch of their rows, which must be whole panels
// to be multiplied alone.
bool has_whole_head_panels(const ModelConfig& config);

// The tensor by our name; nullptr if the checkpoint has none. REQUIRES: `name` is one of the table.
const TensorView* find_tensor(const OpenedModel& model, std::string_view name);

// That everything is there in the right shape and in a type that can be read. The error names the
// first few that are not, and how many there are; the value lists warnings about tensors that will
// be ignored.
Result<std::vector<std::string>> check_tensors(const OpenedModel& model, const ModelConfig& config);

}  // namespace youtu
