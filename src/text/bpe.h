// Byte-pair encoding: a word's bytes are its first symbols, and again and again the neighbouring
// pair of lowest rank (of equal rank the leftmost) becomes one symbol, until no pair has a rank. A
// heap of candidate pairs makes that O(n log n), so that a word of a million bytes is no attack.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/vocab_spec.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

class BytePairEncoder {
 public:
  // Ids for which `forbidden` is true never come out of encode(): neither a whole-word hit nor a
  // merge yields them. Errors begin with "vocab: " or "merges: ".
  static Result<BytePairEncoder> create(std::span<const std::string> pieces,
                                        std::span<const Merge> merges, bool ignore_merges,
                                        const std::vector<bool>& forbidden);

  // The token whose bytes are exactly these, if it is not forbidden.
  std::optional<TokenId> find(std::string_view bytes) const;

  // Appends the tokens of `word`, which is any bytes. Const and thread-safe.
  void encode(std::string_view word, std::vector<TokenId>& out) const;

 private:
  // What a pair becomes, and how early.
  struct MergeResult {
    uint32_t rank = 0;
    TokenId token = 0;
  };
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  Status fill_bytes(std::span<const std::string> pieces, const std::vector<bool>& forbidden);
  Status fill_merges(std::span<const std::string> pieces, std::span<const Merge> merges,
                     const std::vector<bool>& forbidden);
  const MergeResult* find_merge(TokenId left, TokenId right) const;
  void merge_symbols(std::string_view word, std::vector<TokenId>& out) const;

  // Open addressing with linear probing: two look-ups happen for every merge.
  struct MergeSlot {
    uint64_t pair = 0;  // left << 32 | right; kEmptySlot where there is none
    MergeResult result;
  };
  static constexpr uint64_t kEmptySlot = ~uint64_t{0};
  size_t slot_of(uint64_t pair) const;

  std::vector<MergeSlot> merges_;  // a power of two
  std::array<TokenId, 256> byte_tokens_{};
  bool ignore_merges_ = false;
  std::unordered_map<std::string, TokenId, StringHash, std::equal_to<>> tokens_by_bytes_;
};

}  // namespace youtu
