// When the requests of an open loop arrive: the gaps between them follow a gamma distribution, as
// in vLLM's benchmark. A burstiness of 1 is a Poisson process; below 1 arrivals come in bursts,
// above 1 they even out.
#pragma once

#include <cstdint>
#include <random>

namespace youtu::load {

class Arrivals {
 public:
  // REQUIRES: both numbers are above 0. The mean gap is 1 / rate seconds, its variance
  // 1 / (rate^2 * burstiness).
  Arrivals(double rate, double burstiness, uint64_t seed)
      : random_(seed), gap_(burstiness, 1.0 / (rate * burstiness)) {}

  // Seconds from one arrival to the next.
  double next_gap() { return gap_(random_); }

 private:
  std::mt19937_64 random_;
  std::gamma_distribution<double> gap_;
};

}  // namespace youtu::load
