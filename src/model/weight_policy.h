// In what form each weight is loaded: as the file has it, or packed for the fast kernels.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tensor/packed.h"
#include "youtu/status.h"

namespace youtu {

// Matrices by their place in the model. The embedding counts as head: the two are usually one.
enum class WeightKind : uint8_t { kHead, kQA, kQB, kKvA, kKvB, kO, kGate, kUp, kDown };
inline constexpr size_t kNumWeightKinds = 9;

struct WeightForm {
  enum class Kind : uint8_t {
    kExact,   // the file's values, activations in F32
    kAuto,    // GGUF's block types packed, with their levels where possible; others as they are
    kBF16,    // rounded to BF16, activations in F32
    kPacked,  // rounded to `format`; block types that are of this format keep their levels
  };
  Kind kind = Kind::kExact;
  PackedFormat format = {};

  bool operator==(const WeightForm&) const = default;
};

struct WeightPolicy {
  std::array<WeightForm, kNumWeightKinds> forms;

  bool operator==(const WeightPolicy&) const = default;
  const WeightForm& form(WeightKind kind) const { return forms[static_cast<size_t>(kind)]; }
};

// Reads a form, and further forms for some matrices: "q4", "q4,head=q4", "q8g128,attn=bf16".
// Forms are exact, auto, bf16, q4 and q8; the last two with the size of a group (q4g32, q4g64,
// q4g128; 32 where it is not given) and z for levels with a minimum (q4g32z). A q4 for all keeps
// head and kv_b in q8, whose errors reach every logit and every score. Matrices are head, q_a, q_b,
// kv_a, kv_b, o, gate, up, down, and attn and mlp for several. The error's param is "weights".
Result<WeightPolicy> parse_weight_policy(std::string_view text);
// The shortest text that is read as `policy`, with the sizes of groups: "q4g32,head=q4g32".
std::string to_string(const WeightPolicy& policy);

}  // namespace youtu
