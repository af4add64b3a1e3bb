#include "sampling/block_maxima.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();

struct Maximum {
  float logit = kLowest;
  bool is_valid = true;  // no NaN, no +infinity
};

Maximum maximum_of(std::span<const float> logits) {
  Maximum maximum;
  for (const float logit : logits) {
    maximum.is_valid &= logit <= kLargest;
    maximum.logit = logit > maximum.logit ? logit : maximum.logit;
  }
  return maximum;
}

// The same of a whole block, four columns at a time.
Maximum maximum_of_block(const float* logits) {
  using Lanes = float __attribute__((vector_size(16)));
  using Flags = int32_t __attribute__((vector_size(16)));
  constexpr size_t kLanes = 4, kChains = 4;
  Lanes maxima[kChains];
  Flags is_valid = {-1, -1, -1, -1};
  for (Lanes& maximum : maxima) maximum = Lanes{kLowest, kLowest, kLowest, kLowest};
  const Lanes largest = {kLargest, kLargest, kLargest, kLargest};
  for (size_t i = 0; i < BlockMaxima::kColumns; i += kChains * kLanes) {
    for (size_t c = 0; c < kChains; ++c) {
      Lanes values;
      std::memcpy(&values, logits + i + c * kLanes, sizeof(values));
      is_valid &= values <= largest;
      maxima[c] = values > maxima[c] ? values : maxima[c];
    }
  }
  float columns[kChains * kLanes];
  std::memcpy(columns, maxima, sizeof(columns));
  Maximum maximum = maximum_of(columns);
  maximum.is_valid = (is_valid[0] & is_valid[1] & is_valid[2] & is_valid[3]) != 0;
  return maximum;
}

size_t num_blocks(int32_t vocab_size) {
  return div_ceil(static_cast<size_t>(vocab_size), BlockMaxima::kColumns);
}

}  // namespace

BlockMaxima::BlockMaxima(int32_t vocab_size)
    : maxima_(num_blocks(vocab_size)), is_known_(num_blocks(vocab_size)) {}

int64_t BlockMaxima::planned_bytes(int32_t vocab_size) {
  return static_cast<int64_t>(num_blocks(vocab_size) * (sizeof(float) + sizeof(uint8_t)));
}

int64_t BlockMaxima::bytes() const {
  return static_cast<int64_t>(maxima_.capacity() * sizeof(float) + is_known_.capacity());
}

void BlockMaxima::reset(std::span<const float> known) {
  CHECK(known.empty() || known.size() == size());
  std::ranges::copy(known, maxima_.begin());
  std::ranges::fill(is_known_, known.empty() ? 0 : 1);
}

bool BlockMaxima::update(std::span<const float> logits) {
  CHECK(num_blocks(static_cast<int32_t>(logits.size())) == size());
  bool is_valid = true;
  for (size_t block = 0; block < size(); ++block) {
    if (is_known_[block]) {
      is_valid &= !std::isnan(maxima_[block]);
      continue;
    }
    const size_t begin = block * kColumns;
    const Maximum maximum = begin + kColumns <= logits.size()
                                ? maximum_of_block(logits.data() + begin)
                                : maximum_of(logits.subspan(begin));
    is_valid &= maximum.is_valid;
    maxima_[block] = maximum.logit;
  }
  return is_valid;
}

}  // namespace youtu
