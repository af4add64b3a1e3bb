#include "load/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace youtu::load {

namespace {

// REQUIRES: `sorted` is not empty.
double percentile_of(const std::vector<double>& sorted, double rank) {
  const double place = rank / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

}  // namespace

Distribution distribution_of(std::vector<double> values, const std::vector<double>& ranks) {
  Distribution found;
  found.count = values.size();
  for (const double rank : ranks) found.percentiles.push_back({rank, 0});
  if (values.empty()) return found;
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  for (const double value : values) found.mean += value / count;
  double variance = 0;
  for (const double value : values) variance += (value - found.mean) * (value - found.mean) / count;
  found.deviation = std::sqrt(variance);
  found.median = percentile_of(values, 50);
  found.max = values.back();
  for (Percentile& each : found.percentiles) each.value = percentile_of(values, each.rank);
  return found;
}

std::string percentile_name(double rank) {
  return fmt::format("p{:g}", rank);
}

}  // namespace youtu::load
