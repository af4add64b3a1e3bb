// What a request must answer, computed without engine, cache or batch: all tokens so far into the
// script, one token out, again and again. The engine under any schedule is compared with this.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sampling/sampler.h"
#include "tests/support/scripted_executor.h"
#include "youtu/generation.h"
#include "youtu/tokenizer.h"

namespace youtu {

// A prompt of so many tokens that depends on the seed, and an answer that ends at its length.
inline GenerationRequest make_request(size_t num_prompt_tokens, int64_t max_new_tokens,
                                      uint64_t seed) {
  GenerationRequest request;
  for (size_t i = 0; i < num_prompt_tokens; ++i) {
    request.prompt_tokens.push_back(static_cast<TokenId>((i * 7 + seed) % 250));
  }
  request.sampling.max_new_tokens = max_new_tokens;
  request.sampling.seed = seed;
  request.sampling.ignore_eos = true;
  return request;
}

struct AloneAnswer {
  std::vector<TokenId> tokens;  // an end token included
  std::string text;
  FinishReason reason = FinishReason::kNone;
};

// REQUIRES: request.sampling.seed is set.
inline AloneAnswer generate_alone(const GenerationRequest& request, const Tokenizer& tokenizer,
                                  const LogitScript& script = hashed_logits) {
  const SamplingParams& sampling = request.sampling;
  const auto ends = tokenizer.eos_tokens();
  Sampler sampler(tokenizer.vocab_size());
  std::vector<float> logits(static_cast<size_t>(tokenizer.vocab_size()));
  std::vector<TokenId> all = request.prompt_tokens;
  AloneAnswer answer;
  while (answer.reason == FinishReason::kNone) {
    script(all, logits);
    const auto token =
        sampler.sample(logits, sampling, {all, request.prompt_tokens.size()}, *sampling.seed);
    if (!token) {
      answer.reason = FinishReason::kError;
      return answer;
    }
    all.push_back(*token);
    answer.tokens.push_back(*token);
    if (!sampling.ignore_eos && std::find(ends.begin(), ends.end(), *token) != ends.end()) {
      answer.reason = FinishReason::kEndOfSequence;
      return answer;
    }
    answer.text = tokenizer.decode(answer.tokens, request.skip_control_tokens);
    size_t cut = std::string::npos;
    for (const std::string& stop : sampling.stop) cut = std::min(cut, answer.text.find(stop));
    if (cut != std::string::npos) {
      answer.text.resize(cut);
      answer.reason = FinishReason::kStopString;
    } else if (static_cast<int64_t>(answer.tokens.size()) == sampling.max_new_tokens) {
      answer.reason = FinishReason::kLength;
    }
  }
  return answer;
}

}  // namespace youtu
