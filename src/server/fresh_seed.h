// The seed of a request that brings none: told in the answer, so that it can be asked for again.
#pragma once

#include <cstdint>
#include <random>

namespace youtu {

// One that JavaScript can hold, so that a client can send back the one it was told.
inline uint64_t fresh_seed() {
  std::random_device device;
  const uint64_t bits = (static_cast<uint64_t>(device()) << 32) | device();
  return bits >> 11;
}

}  // namespace youtu
