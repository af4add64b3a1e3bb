// The largest logit of each block of columns of a row. They bound the threshold of top_k and top_p,
// so that most of the vocabulary is never looked at again; and where the head's product has left
// them, it is not looked at even once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "youtu/types.h"

namespace youtu {

// One thread. Nothing is allocated after construction.
class BlockMaxima {
 public:
  static constexpr size_t kColumns = 64;  // of a block; the last may have fewer

  explicit BlockMaxima(int32_t vocab_size);
  int64_t bytes() const;
  static int64_t planned_bytes(int32_t vocab_size);

  size_t size() const { return maxima_.size(); }
  float operator[](size_t block) const { return maxima_[block]; }
  auto begin() const { return maxima_.begin(); }
  auto end() const { return maxima_.end(); }

  // Of a new row: `known` are its maxima, NaN where a logit of the block is NaN or infinite; or, if
  // empty, none is known.
  void reset(std::span<const float> known);
  // The logit of `token` is no longer what it was.
  void touch(TokenId token) { is_known_[static_cast<size_t>(token) / kColumns] = 0; }
  // Looks at the blocks that are not known. False where a logit is NaN or +infinity.
  bool update(std::span<const float> logits);

 private:
  std::vector<float> maxima_;
  std::vector<uint8_t> is_known_;
};

}  // namespace youtu
