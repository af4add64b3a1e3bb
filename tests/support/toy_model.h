// A Youtu model of a few thousand random weights, made in memory: the whole forward pass in
// microseconds.
#pragma once

#include <cmath>
#include <deque>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "formats/open_model.h"
#include "model/model_config.h"
#include "model/tensor_names.h"

namespace youtu {

class ToyTensors final : public TensorSource {
 public:
  void add(const std::string& name, const std::vector<int64_t>& shape, uint64_t seed) {
    TensorView view = {name, DType::kF32, shape, {}};
    // Gains of norms near 1; matrices scaled so that activations keep their size.
    const bool is_gain = shape.size() == 1;
    const float scale = is_gain ? 0.1f : 2.0f / std::sqrt(static_cast<float>(shape.back()));
    std::vector<float>& values = storage_.emplace_back(static_cast<size_t>(view.num_values()));
    for (size_t i = 0; i < values.size(); ++i) {
      const float centred = 2.0f * static_cast<float>(random_unit(seed, i)) - 1.0f;
      values[i] = scale * centred + (is_gain ? 1.0f : 0.0f);
    }
    view.data = {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)};
    views_.push_back(std::move(view));
  }
  std::span<const TensorView> tensors() const override { return views_; }
  const TensorView* find(std::string_view name) const override {
    for (const TensorView& view : views_) {
      if (view.name == name) return &view;
    }
    return nullptr;
  }

 private:
  std::deque<std::vector<float>> storage_;
  std::vector<TensorView> views_;
};

// Both low-rank paths, `vocab_size` tokens, a tied head. The same seed gives the same
// weights.
inline OpenedModel make_toy_model(int32_t vocab_size, uint64_t seed, int32_t num_layers = 2) {
  OpenedModel opened;
  opened.path = "toy";
  opened.format = "Hugging Face folder";
  opened.description_name = "toy/config.json";
  opened.description = Json{{"architectures", {"YoutuForCausalLM"}},
                            {"model_type", "youtu"},
                            {"hidden_size", 64},
                            {"intermediate_size", 96},
                            {"num_hidden_layers", num_layers},
                            {"num_attention_heads", 2},
                            {"num_key_value_heads", 2},
                            {"q_lora_rank", 48},
                            {"kv_lora_rank", 32},
                            {"qk_nope_head_dim", 16},
                            {"qk_rope_head_dim", 8},
                            {"v_head_dim", 16},
                            {"vocab_size", vocab_size},
                            {"max_position_embeddings", 512},
                            {"rms_norm_eps", 1e-6},
                            {"rope_theta", 10000.0},
                            {"rope_interleave", true},
                            {"hidden_act", "silu"},
                            {"tie_word_embeddings", true}};
  opened.generation_config = Json::object();
  const auto config = read_model_config(opened);
  CHECK(config.is_ok());
  auto tensors = std::make_unique<ToyTensors>();
  for (const ExpectedTensor& expected :
       expected_tensors(*config, NameStyle::kHuggingFace, /*split_kv_b=*/false)) {
    tensors->add(expected.file_name, expected.shape, seed++);
  }
  opened.tensors = std::move(tensors);
  return opened;
}

}  // namespace youtu
