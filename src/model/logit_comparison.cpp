#include "model/logit_comparison.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"

namespace youtu {

namespace {

// A row of logits with what turns them into logarithms of probabilities.
class LogSoftmax {
 public:
  explicit LogSoftmax(std::span<const float> logits) : logits_(logits) {
    for (size_t i = 0; i < logits.size(); ++i) {
      is_finite_ = is_finite_ && std::isfinite(logits[i]);
      if (logits[i] > logits[top_]) top_ = i;
    }
    double sum = 0;
    for (const float logit : logits) sum += std::exp(double{logit} - double{logits[top_]});
    log_sum_ = double{logits[top_]} + std::log(sum);
  }

  double operator[](size_t i) const { return double{logits_[i]} - log_sum_; }
  TokenId top() const { return static_cast<TokenId>(top_); }  // of equals the first
  bool is_finite() const { return is_finite_; }

 private:
  std::span<const float> logits_;
  size_t top_ = 0;
  double log_sum_ = 0;
  bool is_finite_ = true;
};

// NumPy's default: linear between the two nearest. REQUIRES: sorted and not empty.
double quantile(std::span<const double> sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

struct Mean {
  double value = 0;
  double standard_error = 0;  // of a single value: 0
};

Mean mean_of(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, n < 2 ? 0 : std::sqrt(squares / (n - 1) / n)};
}

void summarize_divergence(std::span<const PositionComparison> positions, ComparisonSummary& out) {
  std::vector<double> values;
  int64_t num_same = 0;
  for (const PositionComparison& position : positions) {
    values.push_back(position.divergence);
    num_same += position.reference_top == position.tested_top;
  }
  const Mean mean = mean_of(values);
  std::sort(values.begin(), values.end());
  out.divergence = {.mean = mean.value,
                    .standard_error = mean.standard_error,
                    .median = quantile(values, 0.5),
                    .p90 = quantile(values, 0.9),
                    .p99 = quantile(values, 0.99),
                    .p99_9 = quantile(values, 0.999),
                    .max = values.back()};
  out.same_top = static_cast<double>(num_same) / static_cast<double>(values.size());
}

void summarize_predictions(std::span<const PositionComparison> positions, ComparisonSummary& out) {
  std::vector<double> reference_losses, losses, excess, changes;
  for (const PositionComparison& position : positions) {
    if (position.next == kNoNextToken) continue;
    reference_losses.push_back(-position.reference_log_prob);
    losses.push_back(-position.tested_log_prob);
    excess.push_back(position.reference_log_prob - position.tested_log_prob);
    changes.push_back(
        std::abs(std::exp(position.tested_log_prob) - std::exp(position.reference_log_prob)));
  }
  out.num_predictions = static_cast<int64_t>(losses.size());
  if (losses.empty()) return;
  double squares = 0;
  for (const double change : changes) squares += change * change;
  std::sort(changes.begin(), changes.end());
  out.probability_change = {std::sqrt(squares / static_cast<double>(changes.size())),
                            quantile(changes, 0.99)};
  // Both models see the same tokens, so the error of the ratio is that of the paired differences,
  // carried through exp to first order.
  const Mean mean_excess = mean_of(excess);
  const double ratio = std::exp(mean_excess.value);
  out.perplexity = {.reference = std::exp(mean_of(reference_losses).value),
                    .tested = std::exp(mean_of(losses).value),
                    .ratio = ratio,
                    .ratio_error = ratio * mean_excess.standard_error};
}

}  // namespace

Result<PositionComparison> compare_logits(std::span<const float> reference,
                                          std::span<const float> tested, TokenId next) {
  CHECK(!reference.empty() && reference.size() == tested.size());
  CHECK(next >= kNoNextToken && next < static_cast<int64_t>(reference.size()));
  const LogSoftmax p(reference), q(tested);
  if (!p.is_finite()) return Status::internal("a logit of the reference is not finite");
  if (!q.is_finite()) return Status::internal("a logit of the tested model is not finite");
  double divergence = 0;
  for (size_t i = 0; i < reference.size(); ++i) divergence += std::exp(p[i]) * (p[i] - q[i]);
  CHECK(divergence > -kDivergenceNoise);
  PositionComparison result = {.divergence = std::max(divergence, 0.0),
                               .reference_top = p.top(),
                               .tested_top = q.top(),
                               .next = next};
  if (next != kNoNextToken) {
    result.reference_log_prob = p[static_cast<size_t>(next)];
    result.tested_log_prob = q[static_cast<size_t>(next)];
  }
  return result;
}

ComparisonSummary summarize(std::span<const PositionComparison> positions) {
  ComparisonSummary summary;
  summary.num_positions = static_cast<int64_t>(positions.size());
  if (positions.empty()) return summary;
  summarize_divergence(positions, summary);
  summarize_predictions(positions, summary);
  return summary;
}

}  // namespace youtu
