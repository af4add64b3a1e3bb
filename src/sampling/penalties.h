// What a sequence's own tokens do to the logits of its next one: repetition, presence and frequency
// penalties, and the ban on repeated n-grams. Each touches only the logits of tokens that the
// sequence holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sampling/sampling_trace.h"
#include "youtu/sampling_params.h"
#include "youtu/types.h"

namespace youtu {

// The tokens that a sequence consists of: the prompt, then the completion so far.
struct TokenHistory {
  std::span<const TokenId> tokens;
  size_t num_prompt_tokens = 0;

  std::span<const TokenId> completion() const { return tokens.subspan(num_prompt_tokens); }
};

// Whether any of the four is in force.
bool has_penalties(const SamplingParams& params);

// One thread. Nothing is allocated after construction.
class Penalties {
 public:
  explicit Penalties(int32_t vocab_size);

  int64_t bytes() const { return static_cast<int64_t>(counts_.capacity() * sizeof(int32_t)); }
  static int64_t planned_bytes(int32_t vocab_size) {
    return int64_t{vocab_size} * static_cast<int64_t>(sizeof(int32_t));
  }

  // Applies all four in the order of Hugging Face (repetition, then n-grams) and vLLM (then
  // frequency and presence). Where an output format allows so few tokens that the ban on n-grams
  // would leave none, the ban is not held. `trace` is told of those in force. REQUIRES: every token
  // of `history` is in [0, vocab_size) and logits.size() == vocab_size.
  void apply(const SamplingParams& params, const TokenHistory& history, std::span<float> logits,
             SamplingTrace* trace = nullptr);

 private:
  void apply_repetition(float penalty, std::span<const TokenId> tokens, std::span<float> logits);
  void apply_frequency_and_presence(float frequency, float presence,
                                    std::span<const TokenId> completion, std::span<float> logits);
  bool would_ban_all(size_t ngram_size, std::span<const TokenId> tokens,
                     std::span<const float> logits);

  std::vector<int32_t> counts_;  // [vocab_size]; all zero between calls
};

// -inf for every token that would complete an n-gram that `tokens` already holds.
void ban_repeated_ngrams(size_t ngram_size, std::span<const TokenId> tokens,
                         std::span<float> logits);

}  // namespace youtu
