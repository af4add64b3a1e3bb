// Guesses what a sequence says next from what has been said: where its last tokens stood before,
// and what followed there. Answers that quote, edit or list say much that stands in their prompt. A
// guess costs nothing but the rows that check it; a wrong one changes nothing, since only tokens
// that the sampler draws itself are kept.
//
// (Saxena, "Prompt Lookup Decoding", 2023; the prediction is that of OpenAI's API.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "youtu/types.h"

namespace youtu {

// Engine thread only, one for each sequence.
class PromptLookup {
 public:
  // How many last tokens must have stood before at least, and at most are compared.
  static constexpr size_t kMinMatch = 3;
  static constexpr size_t kMaxMatch = 16;

  // `prediction` is what the client believes that the answer will be; may be empty.
  explicit PromptLookup(std::vector<TokenId> prediction = {})
      : prediction_(std::move(prediction)) {}

  // At most `max_tokens` that may follow `tokens`, of which the first `num_prompt_tokens` are the
  // prompt. Empty without a match. Valid as long as `tokens` and this are.
  std::span<const TokenId> propose(std::span<const TokenId> tokens, size_t num_prompt_tokens,
                                   size_t max_tokens) const;

  // Of a guess so many tokens were right, and the next one, if the guess had more, was not.
  void record(size_t num_guessed, size_t num_right);
  // A step passed without a guess: old failures are forgotten slowly, so that a sequence that
  // begins to quote is tried again.
  void forget();
  // The chance that a guessed token is right if those before it were.
  double acceptance() const { return acceptance_; }

 private:
  std::vector<TokenId> prediction_;
  double acceptance_ = kUnknown;

  static constexpr double kUnknown = 0.6;
};

}  // namespace youtu
