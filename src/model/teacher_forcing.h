// The logits of every position of a given text: the model is fed the text itself, not what it would
// say.
#pragma once

#include <functional>
#include <span>

#include "model/load_model.h"

namespace youtu {

struct TeacherForcingOptions {
  AttentionMode attention = AttentionMode::kAuto;
  CacheDType cache_dtype = CacheDType::kF32;
  int32_t chunk = 128;  // tokens in a step
};

// Feeds `tokens` through the model and hands out, in order, the logits of each chunk [chunk tokens,
// vocab_size]. Fails on no tokens, on one outside the vocabulary, on more than the model's context,
// or with what `take` returns.
Status run_teacher_forced(LoadedModel& model, std::span<const TokenId> tokens,
                          const TeacherForcingOptions& options,
                          const std::function<Status(std::span<const float> logits)>& take);

}  // namespace youtu
