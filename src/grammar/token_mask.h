// Which tokens may come next. Most are either few or nearly all, and kept accordingly: as a list,
// or as a bit for each token of the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "youtu/types.h"

namespace youtu {

class TokenMask {
 public:
  TokenMask() = default;
  // A bit for each token.
  explicit TokenMask(std::span<const uint64_t> bits);

  bool is_empty() const { return count_ == 0; }
  int64_t count() const { return count_; }
  bool allows(TokenId token) const;
  // -inf for all others, also beyond the mask's end.
  void apply(std::span<float> logits) const;
  size_t bytes() const {
    return tokens_.size() * sizeof(TokenId) + bits_.size() * sizeof(uint64_t) + sizeof(TokenMask);
  }

 private:
  void apply_list(std::span<float> logits) const;
  void apply_bits(std::span<float> logits) const;

  int64_t count_ = 0;
  std::vector<TokenId> tokens_;  // rising; if bits_ is empty
  std::vector<uint64_t> bits_;
};

}  // namespace youtu
