// Finds added tokens in text: leftmost, then longest, and only where the text is trusted.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/pre_tokenizer.h"
#include "text/vocab_spec.h"
#include "youtu/types.h"

namespace youtu {

inline constexpr TokenId kNoToken = -1;

class AddedTokenMatcher {
 public:
  // The contents must be distinct and not empty.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);
  AddedTokenMatcher(AddedTokenMatcher&&) = default;  // a copy would point into the original
  AddedTokenMatcher& operator=(AddedTokenMatcher&&) = default;

  bool empty() const { return tokens_.empty(); }

  // A token, or (kNoToken) ordinary text. Sections are in order and never empty; whitespace that a
  // token swallows is in none of them.
  struct Section {
    TokenId token = kNoToken;
    TextRange range;
  };
  // `trusted` are disjoint ranges in increasing order. A match lies within one of them; what
  // touches it (for single_word, lstrip and rstrip) may be any text.
  std::vector<Section> cut(std::string_view text, std::span<const TextRange> trusted) const;

 private:
  struct Match {
    const AddedToken* token = nullptr;
    TextRange range;
  };
  // The first match within `range`; its token is null if there is none.
  Match find(std::string_view text, TextRange range) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string_view, const AddedToken*> by_content_;
  // Lengths of the contents that begin with a byte, longest first: a position costs one look-up for
  // each.
  std::array<std::vector<size_t>, 256> lengths_;
};

}  // namespace youtu
