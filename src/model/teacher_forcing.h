// The logits of every position of a given text: the model is fed the text itself, not what it would
// say.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "model/load_model.h"

namespace youtu {

struct TeacherForcingOptions {
  AttentionMode attention = AttentionMode::kAuto;
  CacheDType cache_dtype = CacheDType::kF32;
  int32_t chunk = 128;  // most tokens in a step

  bool operator==(const TeacherForcingOptions&) const = default;
};

// Ok if every token is below `vocab_size`; the error names the first that is not.
Status check_tokens_known(std::span<const TokenId> tokens, int32_t vocab_size);

// Feeds one sequence after another to a model, each from position 0 with nothing in its cache.
class TeacherForcing {
 public:
  // For sequences of up to `max_tokens`. `model` and `workspace`, which has room for a chunk of
  // tokens and of logit rows, outlive it; several may share them.
  static Result<TeacherForcing> create(LoadedModel& model, Workspace& workspace,
                                       const TeacherForcingOptions& options, int32_t max_tokens);

  void begin_sequence() { num_fed_ = 0; }
  // The logits [tokens.size(), vocab_size] of the sequence's next tokens, until the next call.
  // REQUIRES: 1 to chunk tokens, all in the vocabulary; max_tokens are not exceeded.
  std::span<const float> feed(std::span<const TokenId> tokens);

 private:
  TeacherForcing(LoadedModel& model, Workspace& workspace, const TeacherForcingOptions& options,
                 LatentCache cache);

  LoadedModel* model_;
  Workspace* workspace_;
  TeacherForcingOptions options_;
  LatentCache cache_;
  std::vector<int32_t> indices_;  // 0, 1, 2, ...
  std::vector<float> logits_;     // [chunk, vocab_size]
  int32_t num_fed_ = 0;
};

// Feeds `tokens` through the model and hands out, in order, the logits of each chunk [chunk tokens,
// vocab_size]. Fails on no tokens, on one outside the vocabulary, on more than the model's context,
// or with what `take` returns.
Status run_teacher_forced(LoadedModel& model, std::span<const TokenId> tokens,
                          const TeacherForcingOptions& options,
                          const std::function<Status(std::span<const float> logits)>& take);

}  // namespace youtu
