#include "bench/spread.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace youtu {

Spread spread_of(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t upper = values.size() / 2, lower = (values.size() - 1) / 2;
  return {
      .median = (values[lower] + values[upper]) / 2, .min = values.front(), .max = values.back()};
}

Spread rate_of(double amount, const Spread& seconds) {
  return {
      .median = amount / seconds.median, .min = amount / seconds.max, .max = amount / seconds.min};
}

size_t index_of_median(const std::vector<double>& values) {
  CHECK(!values.empty());
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order[(order.size() - 1) / 2];
}

}  // namespace youtu
