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
  Weight o_proj;              // [H, N * V]
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

}  // namespace youtu
