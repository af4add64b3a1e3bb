// Values as weights and activations have them: normal, and the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace youtu {

inline std::vector<float> random_floats(size_t n, uint32_t seed, float deviation = 1.0f) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(n);
  for (float& value : values) value = normal(rng);
  return values;
}

}  // namespace youtu
