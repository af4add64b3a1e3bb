// What is said about a set of measured times.
#pragma once

#include <string>
#include <vector>

#include "youtu/status.h"

namespace youtu::load {

struct Percentile {
  double rank = 0;  // above 0, below 100
  double value = 0;
};

struct Distribution {
  size_t count = 0;  // the rest is 0 where it is 0
  double mean = 0;
  double median = 0;
  double deviation = 0;  // of the whole set, not an estimate from a sample
  double max = 0;
  std::vector<Percentile> percentiles;
};

// Between two values a percentile is interpolated, as NumPy and so vLLM's benchmark do.
Distribution distribution_of(std::vector<double> values, const std::vector<double>& ranks);

// "p99", "p99.9", for a rank as it was asked for.
std::string percentile_name(double rank);

}  // namespace youtu::load
