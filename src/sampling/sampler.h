// From one row of logits to one token, in the order of Hugging Face and vLLM: bias, bans,
// penalties, temperature, top_k, top_p, min_p, draw. The vocabulary is never sorted: the maxima of
// blocks of columns bound the threshold of top_k and top_p, and only the few columns above that
// bound are looked at again.
//
// The token is a function of (logits, parameters, history, seed). Its random number belongs to
// (seed, position), so neither the other sequences of a batch nor earlier draws have a say in it.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sampling/block_maxima.h"
#include "sampling/candidate.h"
#include "sampling/penalties.h"
#include "sampling/sampling_trace.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

// Below this temperature the best token is taken; a tie goes to the lowest id. vLLM draws the line
// at the same place.
inline constexpr double kGreedyTemperature = 1e-5;

// A row of logits, [vocab_size]; it is used as scratch. Its maxima, as BlockMaxima::reset wants
// them, if they are known.
struct LogitRow {
  template <std::convertible_to<std::span<float>> Values>
  LogitRow(Values&& values, std::span<const float> known = {})
      : logits(std::forward<Values>(values)), maxima(known) {}

  std::span<float> logits;
  std::span<const float> maxima;
};

// One thread. Owns its scratch; nothing is allocated after construction.
class Sampler {
 public:
  explicit Sampler(int32_t vocab_size);

  int32_t vocab_size() const { return vocab_size_; }
  // Of scratch: what it holds, and what one of that vocabulary would.
  int64_t bytes() const;
  static int64_t planned_bytes(int32_t vocab_size);

  // The next token of a sequence, which is none of `banned`. Fails, with reason "numeric_error",
  // when a logit is NaN or +inf, or when no token is possible. REQUIRES: validate(params) is ok,
  // all tokens are in [0, vocab_size).
  Result<TokenId> sample(const LogitRow& row, const SamplingParams& params,
                         const TokenHistory& history, uint64_t seed,
                         std::span<const TokenId> banned = {});

  // The tokens that sample() would draw from, by ascending id. Valid until the next call. `trace`
  // is told of each stage that is in force.
  Result<std::span<const Candidate>> candidates(const LogitRow& row, const SamplingParams& params,
                                                const TokenHistory& history,
                                                std::span<const TokenId> banned = {},
                                                SamplingTrace* trace = nullptr);

 private:
  struct Maximum {
    float logit;
    TokenId token;
  };
  void restrict_logits(std::span<float> logits, const SamplingParams& params,
                       std::span<const TokenId> banned, SamplingTrace* trace);
  Result<Maximum> find_maximum(std::span<const float> logits);
  void choose(std::span<const float> logits, const SamplingParams& params, float maximum,
              SamplingTrace* trace);
  void gather_all(std::span<const float> logits);
  void gather_at_least(std::span<const float> logits, float threshold);
  float block_bound(size_t count);
  void gather_top_k(std::span<const float> logits, size_t top_k);
  void gather_nucleus(std::span<const float> logits, const SamplingParams& params, float maximum);
  void weigh(float maximum, double temperature);
  double total_weight() const;
  void keep_top_p(double top_p, double total);
  void keep_min_p(double min_p);

  int32_t vocab_size_;
  Penalties penalties_;
  BlockMaxima block_maxima_;
  std::vector<float> scratch_;         // [vocab_size] for selections
  std::vector<Candidate> candidates_;  // capacity vocab_size
  std::vector<Candidate> ranked_;      // capacity vocab_size
};

}  // namespace youtu
