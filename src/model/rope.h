// Rotary position embedding: the angles of a step (Su et al., arXiv 2104.09864).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace youtu {

// theta^(-2i/dim) for i in [0, dim/2), rounded to F32 as the reference implementation does.
std::vector<float> rope_inverse_frequencies(double theta, int32_t dim);

// cos and sin [positions.size(), frequencies.size()] of position * frequency, the angle in F32 as
// in the reference.
void rope_angles(std::span<const int32_t> positions, std::span<const float> frequencies, float* cos,
                 float* sin);

}  // namespace youtu
