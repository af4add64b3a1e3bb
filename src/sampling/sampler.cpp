#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

#include "base/check.h"
#include "base/rng.h"

namespace youtu {
namespace {

// How many columns the first guess at a nucleus aims to look at, and how much wider each next guess
// is.
constexpr size_t kFirstNucleusGuess = 256;
constexpr size_t kNucleusGuessGrowth = 4;

Status numeric_error(std::string message) {
  return {StatusCode::kInternal, std::move(message), {}, "numeric_error"};
}

// The order in which top_p fills: the likeliest first, and of equals the highest id first. Hugging
// Face sorts ascending and cuts from the front; with a stable sort (torch on CPU) the lowest id of
// a tie is then cut first.
bool fills_earlier(const Candidate& a, const Candidate& b) {
  return a.scaled_logit != b.scaled_logit ? a.scaled_logit > b.scaled_logit : a.token > b.token;
}

constexpr float kLowest = -std::numeric_limits<float>::infinity();

}  // namespace

Sampler::Sampler(int32_t vocab_size)
    : vocab_size_(vocab_size), penalties_(vocab_size), block_maxima_(vocab_size) {
  const size_t columns = static_cast<size_t>(vocab_size);
  scratch_.resize(columns);
  candidates_.reserve(columns);
  ranked_.reserve(columns);
}

int64_t Sampler::planned_bytes(int32_t vocab_size) {
  const size_t columns = static_cast<size_t>(vocab_size);
  return Penalties::planned_bytes(vocab_size) + BlockMaxima::planned_bytes(vocab_size) +
         static_cast<int64_t>(columns * (sizeof(float) + 2 * sizeof(Candidate)));
}

int64_t Sampler::bytes() const {
  return penalties_.bytes() + block_maxima_.bytes() +
         static_cast<int64_t>(scratch_.capacity() * sizeof(float) +
                              (candidates_.capacity() + ranked_.capacity()) * sizeof(Candidate));
}

Result<TokenId> Sampler::sample(const LogitRow& row, const SamplingParams& params,
                                const TokenHistory& history, uint64_t seed,
                                std::span<const TokenId> banned) {
  const auto possible = candidates(row, params, history, banned);
  RETURN_IF_ERROR(possible);
  const double unit = random_unit(seed, history.tokens.size());
  const double target = unit * total_weight();
  double cumulative = 0;
  TokenId drawn = possible->front().token;
  for (const Candidate& candidate : *possible) {
    // A weight that underflowed to zero never moves the sum, so such a token is never drawn, not
    // even when rounding leaves the target beyond the last step.
    if (candidate.weight > 0.0f) drawn = candidate.token;
    cumulative += candidate.weight;
    if (cumulative > target) break;
  }
  return drawn;
}

Result<std::span<const Candidate>> Sampler::candidates(const LogitRow& row,
                                                       const SamplingParams& params,
                                                       const TokenHistory& history,
                                                       std::span<const TokenId> banned,
                                                       SamplingTrace* trace) {
  const std::span<float> logits = row.logits;
  CHECK(logits.size() == static_cast<size_t>(vocab_size_));
  block_maxima_.reset(row.maxima);
  restrict_logits(logits, params, banned, trace);
  penalties_.apply(params, history, logits, trace);
  if (has_penalties(params)) {
    for (const TokenId token : history.tokens) block_maxima_.touch(token);
  }
  const auto best = find_maximum(logits);
  RETURN_IF_ERROR(best);
  if (params.temperature < kGreedyTemperature) {
    candidates_.assign(1, {.token = best->token, .scaled_logit = 0.0f, .weight = 1.0f});
    if (trace) trace->after(SamplerStage::kTemperature, candidates_);
  } else {
    if (trace && params.temperature != 1.0) {
      trace->after(SamplerStage::kTemperature, logits, params.temperature);
    }
    choose(logits, params, best->logit, trace);
  }
  return std::span<const Candidate>(candidates_);
}

void Sampler::restrict_logits(std::span<float> logits, const SamplingParams& params,
                              std::span<const TokenId> banned, SamplingTrace* trace) {
  for (const LogitBias& one : params.logit_bias) {
    logits[static_cast<size_t>(one.token)] += static_cast<float>(one.bias);
    block_maxima_.touch(one.token);
  }
  if (trace && !params.logit_bias.empty()) trace->after(SamplerStage::kLogitBias, logits);
  for (const TokenId token : banned) {
    logits[static_cast<size_t>(token)] = kLowest;
    block_maxima_.touch(token);
  }
  if (trace && !banned.empty()) trace->after(SamplerStage::kMinNewTokens, logits);
}

// Gathers no more columns than the parameters need.
void Sampler::choose(std::span<const float> logits, const SamplingParams& params, float maximum,
                     SamplingTrace* trace) {
  if (params.top_k > 0 && params.top_k < vocab_size_) {
    gather_top_k(logits, static_cast<size_t>(params.top_k));
    weigh(maximum, params.temperature);
    if (trace) trace->after(SamplerStage::kTopK, candidates_);
    if (params.top_p < 1.0) keep_top_p(params.top_p, total_weight());
  } else if (params.top_p < 1.0) {
    gather_nucleus(logits, params, maximum);
  } else {
    gather_all(logits);
    weigh(maximum, params.temperature);
  }
  if (trace && params.top_p < 1.0) trace->after(SamplerStage::kTopP, candidates_);
  if (params.min_p <= 0.0) return;
  keep_min_p(params.min_p);
  if (trace) trace->after(SamplerStage::kMinP, candidates_);
}

// Refuses what no distribution can be made of.
Result<Sampler::Maximum> Sampler::find_maximum(std::span<const float> logits) {
  if (!block_maxima_.update(logits)) {
    return numeric_error("the model computed a logit that is NaN or infinite");
  }
  const auto block = std::max_element(block_maxima_.begin(), block_maxima_.end());
  if (*block == kLowest) return numeric_error("no token is possible: every logit is -infinity");
  // max_element gives the first of equal blocks, and find the first of equal columns: the lowest id
  // wins.
  const auto begin = logits.begin() + (block - block_maxima_.begin()) *
                                          static_cast<ptrdiff_t>(BlockMaxima::kColumns);
  const auto column = std::find(begin, logits.end(), *block);
  return Maximum{*block, static_cast<TokenId>(column - logits.begin())};
}

void Sampler::gather_all(std::span<const float> logits) {
  gather_at_least(logits, std::numeric_limits<float>::lowest());
}

void Sampler::gather_at_least(std::span<const float> logits, float threshold) {
  candidates_.clear();
  for (size_t block = 0; block < block_maxima_.size(); ++block) {
    if (block_maxima_[block] < threshold) continue;
    const size_t begin = block * BlockMaxima::kColumns;
    const size_t end = std::min(begin + BlockMaxima::kColumns, logits.size());
    for (size_t i = begin; i < end; ++i) {
      if (logits[i] < threshold) continue;
      // The logit rides in scaled_logit until weigh() scales it.
      candidates_.push_back({.token = static_cast<TokenId>(i), .scaled_logit = logits[i]});
    }
  }
}

// A logit that at least `count` columns reach: the count-th largest block maximum. The lowest
// finite float when there are fewer blocks than that.
float Sampler::block_bound(size_t count) {
  constexpr float kEverything = std::numeric_limits<float>::lowest();
  if (count > block_maxima_.size()) return kEverything;
  const auto begin = scratch_.begin();
  const auto end = std::copy(block_maxima_.begin(), block_maxima_.end(), begin);
  const auto nth = begin + static_cast<ptrdiff_t>(count - 1);
  std::nth_element(begin, nth, end, std::greater<>());
  return std::max(*nth, kEverything);
}

// Hugging Face's rule: keep every logit that is not below the k-th largest, so ties at the edge all
// stay.
void Sampler::gather_top_k(std::span<const float> logits, size_t top_k) {
  gather_at_least(logits, block_bound(top_k));
  if (candidates_.size() <= top_k) return;  // the rest are -inf, or there was no tie
  const auto begin = scratch_.begin();
  const auto end = std::transform(candidates_.begin(), candidates_.end(), begin,
                                  [](const Candidate& c) { return c.scaled_logit; });
  const auto nth = begin + static_cast<ptrdiff_t>(top_k - 1);
  std::nth_element(begin, nth, end, std::greater<>());
  std::erase_if(candidates_,
                [threshold = *nth](const Candidate& c) { return c.scaled_logit < threshold; });
}

// top_p without top_k needs the weight of the whole vocabulary, but seldom more than its top: a set
// of all columns above some bound that outweighs top_p contains the nucleus.
void Sampler::gather_nucleus(std::span<const float> logits, const SamplingParams& params,
                             float maximum) {
  const float inverse_temperature = static_cast<float>(1.0 / params.temperature);
  double total = 0;
  for (const float logit : logits) total += std::exp((logit - maximum) * inverse_temperature);
  for (size_t count = kFirstNucleusGuess;; count *= kNucleusGuessGrowth) {
    gather_at_least(logits, block_bound(count));
    weigh(maximum, params.temperature);
    if (count > block_maxima_.size() || total_weight() >= params.top_p * total) break;
  }
  keep_top_p(params.top_p, total);
}

void Sampler::weigh(float maximum, double temperature) {
  // The largest logit is subtracted before the division: a tiny temperature then underflows to zero
  // weight instead of overflowing to infinity.
  const float inverse_temperature = static_cast<float>(1.0 / temperature);
  for (Candidate& candidate : candidates_) {
    candidate.scaled_logit = (candidate.scaled_logit - maximum) * inverse_temperature;
    candidate.weight = std::exp(candidate.scaled_logit);
  }
}

double Sampler::total_weight() const {
  double total = 0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  return total;
}

// Keeps the likeliest candidates until their share of `total` reaches top_p; the one that crosses
// stays. The place of the cut is found by bisection: each round partitions only the half that the
// cut is in, so the work is linear.
void Sampler::keep_top_p(double top_p, double total) {
  const double target = top_p * total;
  ranked_.assign(candidates_.begin(), candidates_.end());
  auto low = ranked_.begin();  // everything before `low` is kept
  auto high = ranked_.end();   // everything from `high` on is cut
  double kept = 0;
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    std::nth_element(low, middle, high, fills_earlier);
    double half = 0;
    for (auto it = low; it != middle; ++it) half += it->weight;
    if (kept + half >= target) {
      high = middle;
    } else {
      kept += half;
      low = middle;
    }
  }
  // `low` is the last that stays: what is before it weighs less than the target.
  const Candidate last = *low;
  std::erase_if(candidates_, [&](const Candidate& c) { return fills_earlier(last, c); });
}

void Sampler::keep_min_p(double min_p) {
  float largest = 0;
  for (const Candidate& candidate : candidates_) largest = std::max(largest, candidate.weight);
  const double threshold = min_p * largest;
  std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < threshold; });
}

}  // namespace youtu
