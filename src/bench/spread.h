// How far apart the same measurement, taken several times, lies.
#pragma once

#include <cstddef>
#include <vector>

namespace youtu {

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

// The median of an even number of values is the mean of the middle two. REQUIRES: at least one.
Spread spread_of(std::vector<double> values);

// Of `amount` in as many seconds: the shortest time gives the greatest rate.
Spread rate_of(double amount, const Spread& seconds);

// Which of `values` is their median, or the lower of the middle two. REQUIRES: at least one.
size_t index_of_median(const std::vector<double>& values);

}  // namespace youtu
