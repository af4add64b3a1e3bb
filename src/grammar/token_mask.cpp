#include "grammar/token_mask.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace youtu {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr uint64_t kAll = ~uint64_t{0};
// A list of ids takes less room than bits below one token in 32; and writing between its few
// tokens is faster than looking at bits.
constexpr size_t kTokensPerListed = 32;

}  // namespace

TokenMask::TokenMask(std::span<const uint64_t> bits) {
  for (const uint64_t word : bits) count_ += std::popcount(word);
  if (static_cast<size_t>(count_) * kTokensPerListed > bits.size() * 64) {
    bits_.assign(bits.begin(), bits.end());
    return;
  }
  tokens_.reserve(static_cast<size_t>(count_));
  for (size_t i = 0; i < bits.size(); ++i) {
    for (uint64_t rest = bits[i]; rest != 0; rest &= rest - 1) {
      tokens_.push_back(static_cast<TokenId>(i * 64) + std::countr_zero(rest));
    }
  }
}

bool TokenMask::allows(TokenId token) const {
  if (token < 0) return false;
  if (bits_.empty()) return std::ranges::binary_search(tokens_, token);
  const auto index = static_cast<size_t>(token);
  return index / 64 < bits_.size() && (bits_[index / 64] >> (index % 64) & 1) != 0;
}

void TokenMask::apply(std::span<float> logits) const {
  if (bits_.empty()) {
    apply_list(logits);
  } else {
    apply_bits(logits);
  }
}

void TokenMask::apply_list(std::span<float> logits) const {
  auto next = logits.begin();
  for (const TokenId token : tokens_) {
    const auto allowed = logits.begin() + token;
    std::fill(next, allowed, kNever);
    next = allowed + 1;
  }
  std::fill(next, logits.end(), kNever);
}

// Of a mask with many bits most are set, so those that are not are gone through one by one.
void TokenMask::apply_bits(std::span<float> logits) const {
  for (size_t begin = 0; begin < logits.size(); begin += 64) {
    const size_t count = std::min<size_t>(64, logits.size() - begin);
    const uint64_t word = begin / 64 < bits_.size() ? bits_[begin / 64] : 0;
    const auto part = logits.subspan(begin, count);
    if (word == 0) {
      std::ranges::fill(part, kNever);
      continue;
    }
    const uint64_t columns = count == 64 ? kAll : (uint64_t{1} << count) - 1;
    for (uint64_t rest = ~word & columns; rest != 0; rest &= rest - 1) {
      part[static_cast<size_t>(std::countr_zero(rest))] = kNever;
    }
  }
}

}  // namespace youtu
