// The weights of Youtu-LLM as a backend prepared them. Names are those of the checkpoint.
#pragma once

#include <vector>

#include "backend/operands.h"

namespace youtu {

// Shape letters: H hidden, I intermediate, Q q_lora_rank, L kv_lora_rank, N heads, P nope, R rope,
// V value dim.
struct LayerWeights {
  Weight input_layernorm;     // [H]
  Weight q_a_proj;            // [Q, H]; empty where q_lora_rank is 0
  Weight q_a_layernorm;       // [Q]; likewise
  Weight q_b_proj;            // [N * (P + R), Q]; q_proj [N * (P + R), H] where q_lora_rank is 0
  Weight kv_a_proj_with_mqa;  // [L + R, H]
  Weight kv_a_layernorm;      // [L]
  Weight k_b;                 // [N * L, P], the key half of kv_b_proj, each head transposed
  Weight v_b;                 // [N * V, L], the value half of kv_b_proj
  Weight k_up;  // [N * P, L], k_b the other way round, to expand keys with; only of packed weights
  Weight o_proj;                    // [H, N * V]
  Weight post_attention_layernorm;  // [H]
  Weight gate_proj;                 // [I, H]
  Weight up_proj;                   // [I, H]
  Weight down_proj;                 // [H, I]
};

struct Weights {
  Weight embed_tokens;  // [vocab, H]
  std::vector<LayerWeights> layers;
  Weight norm;     // [H]
  Weight lm_head;  // [vocab, H]; empty where it is tied to embed_tokens
};

// Calls fn(kind, weight) for every weight, each layer's in the order of a step. The kind is the
// weight's name without its layer; empty weights are left out.
template <typename Fn>
void for_each_weight(const Weights& weights, const Fn& fn) {
  const auto visit = [&fn](const char* kind, const Weight& weight) {
    if (!weight.empty()) fn(kind, weight);
  };
  visit("embed_tokens", weights.embed_tokens);
  for (const LayerWeights& layer : weights.layers) {
    visit("input_layernorm", layer.input_layernorm);
    visit("q_a_proj", layer.q_a_proj);
    visit("q_a_layernorm", layer.q_a_layernorm);
    visit("q_b_proj", layer.q_b_proj);
    visit("kv_a_proj_with_mqa", layer.kv_a_proj_with_mqa);
    visit("kv_a_layernorm", layer.kv_a_layernorm);
    visit("k_b", layer.k_b);
    visit("v_b", layer.v_b);
    visit("k_up", layer.k_up);
    visit("o_proj", layer.o_proj);
    visit("post_attention_layernorm", layer.post_attention_layernorm);
    visit("gate_proj", layer.gate_proj);
    visit("up_proj", layer.up_proj);
    visit("down_proj", layer.down_proj);
  }
  visit("norm", weights.norm);
  visit("lm_head", weights.lm_head);
}

}  // namespace youtu
