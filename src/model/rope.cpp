#include "model/rope.h"

#include <cmath>

namespace youtu {

std::vector<float> rope_inverse_frequencies(double theta, int32_t dim) {
  std::vector<float> frequencies(static_cast<size_t>(dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = static_cast<float>(std::pow(theta, -2.0 * static_cast<double>(i) / dim));
  }
  return frequencies;
}

void rope_angles(std::span<const int32_t> positions, std::span<const float> frequencies, float* cos,
                 float* sin) {
  for (const int32_t position : positions) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      *cos++ = std::cos(angle);
      *sin++ = std::sin(angle);
    }
  }
}

}  // namespace youtu
