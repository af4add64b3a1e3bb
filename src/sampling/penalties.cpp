#include "sampling/penalties.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace youtu {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Calls `visit` with the last token of every n-gram of the history that begins as the history ends.
template <typename Visit>
void for_each_banned(size_t ngram_size, std::span<const TokenId> tokens, const Visit& visit) {
  CHECK(ngram_size >= 1);
  if (tokens.size() < ngram_size) return;
  const std::span<const TokenId> tail = tokens.last(ngram_size - 1);
  for (size_t start = 0; start + ngram_size <= tokens.size(); ++start) {
    if (std::equal(tail.begin(), tail.end(), tokens.begin() + static_cast<ptrdiff_t>(start))) {
      visit(static_cast<size_t>(tokens[start + ngram_size - 1]));
    }
  }
}

}  // namespace

bool has_penalties(const SamplingParams& params) {
  return params.repetition_penalty != 1.0 || params.no_repeat_ngram_size > 0 ||
         params.frequency_penalty != 0.0 || params.presence_penalty != 0.0;
}

Penalties::Penalties(int32_t vocab_size) {
  CHECK(vocab_size >= 1);
  counts_.assign(static_cast<size_t>(vocab_size), 0);
}

void Penalties::apply(const SamplingParams& params, const TokenHistory& history,
                      std::span<float> logits, SamplingTrace* trace) {
  CHECK(logits.size() == counts_.size());
  CHECK(history.num_prompt_tokens <= history.tokens.size());
  if (params.repetition_penalty != 1.0) {
    apply_repetition(static_cast<float>(params.repetition_penalty), history.tokens, logits);
    if (trace) trace->after(SamplerStage::kRepetitionPenalty, logits);
  }
  const auto ngram_size = static_cast<size_t>(params.no_repeat_ngram_size);
  if (ngram_size > 0 && !would_ban_all(ngram_size, history.tokens, logits)) {
    ban_repeated_ngrams(ngram_size, history.tokens, logits);
    if (trace) trace->after(SamplerStage::kNoRepeatNgramSize, logits);
  }
  if (params.frequency_penalty != 0.0 || params.presence_penalty != 0.0) {
    apply_frequency_and_presence(static_cast<float>(params.frequency_penalty),
                                 static_cast<float>(params.presence_penalty), history.completion(),
                                 logits);
    if (trace) trace->after(SamplerStage::kPresenceAndFrequencyPenalty, logits);
  }
}

// Hugging Face's rule: a logit below zero is multiplied, any other divided, once per distinct token
// however often it occurred. (A plain division would make unlikely tokens likelier.)
void Penalties::apply_repetition(float penalty, std::span<const TokenId> tokens,
                                 std::span<float> logits) {
  for (const TokenId token : tokens) {
    const size_t index = static_cast<size_t>(token);
    CHECK(index < counts_.size());
    if (counts_[index]++ != 0) continue;
    float& logit = logits[index];
    logit = logit < 0.0f ? logit * penalty : logit / penalty;
  }
  for (const TokenId token : tokens) counts_[static_cast<size_t>(token)] = 0;
}

// vLLM's and OpenAI's rule: each earlier occurrence in the completion costs `frequency`, the first
// also `presence`.
void Penalties::apply_frequency_and_presence(float frequency, float presence,
                                             std::span<const TokenId> completion,
                                             std::span<float> logits) {
  for (const TokenId token : completion) {
    CHECK(static_cast<size_t>(token) < counts_.size());
    ++counts_[static_cast<size_t>(token)];
  }
  for (const TokenId token : completion) {
    int32_t& count = counts_[static_cast<size_t>(token)];
    if (count == 0) continue;
    logits[static_cast<size_t>(token)] -= frequency * static_cast<float>(count) + presence;
    count = 0;
  }
}

// Only where a format has left few tokens can a ban take them all; otherwise the first look finds
// one that stays.
bool Penalties::would_ban_all(size_t ngram_size, std::span<const TokenId> tokens,
                              std::span<const float> logits) {
  for_each_banned(ngram_size, tokens, [this](size_t token) { counts_[token] = 1; });
  bool stays = false;
  for (size_t i = 0; i < logits.size() && !stays; ++i) {
    stays = logits[i] != kNever && counts_[i] == 0;
  }
  for_each_banned(ngram_size, tokens, [this](size_t token) { counts_[token] = 0; });
  return !stays;
}

void ban_repeated_ngrams(size_t ngram_size, std::span<const TokenId> tokens,
                         std::span<float> logits) {
  for_each_banned(ngram_size, tokens, [logits](size_t token) {
    CHECK(token < logits.size());
    logits[token] = kNever;
  });
}

}  // namespace youtu
