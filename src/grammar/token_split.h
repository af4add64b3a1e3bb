// A vocabulary in two: the tokens of whole letters of one set, and all others. Where a text goes on
// with any letters of the set, the first need no look at their single bytes.
//
// Each half is a tree of bytes, so that tokens that begin alike are looked at together. It is laid
// out in the order in which it is walked: a walk reads it from front to back and leaps over what a
// wrong byte rules out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/code_points.h"
#include "youtu/types.h"

namespace youtu {

// Tokens with their bytes one after the other: read in order, where a tokenizer's lie anywhere.
class TokenList {
 public:
  void add(TokenId id, std::string_view bytes) {
    ids_.push_back(id);
    text_ += bytes;
    ends_.push_back(static_cast<uint32_t>(text_.size()));
  }
  size_t size() const { return ids_.size(); }
  TokenId id(size_t i) const { return ids_[i]; }
  std::string_view bytes(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string text_;
  std::vector<TokenId> ids_;
  std::vector<uint32_t> ends_;  // in text_
};

class TokenSplit {
 public:
  static constexpr TokenId kNoToken = -1;
  // Longer tokens are never allowed.
  static constexpr size_t kMaxTokenBytes = 1024;
  // Of `max_letters`: so many or more.
  static constexpr uint8_t kManyLetters = 255;

  struct Node {
    uint32_t end = 0;  // the node after all that are below this one
    TokenId token = kNoToken;
    uint16_t depth = 0;       // 1 below the root
    uint8_t byte = 0;         // that leads here
    uint8_t max_letters = 0;  // of the tokens here and below; 0 among the others
  };

  // REQUIRES: `tokens` are sorted by their bytes, of which each has 1 to kMaxTokenBytes, and below
  // `vocab_size`.
  TokenSplit(const TokenList& tokens, int32_t vocab_size, const CodePointSet& letters);

  // Tokens of whole letters of the set only, and all others.
  std::span<const Node> inside() const { return inside_; }
  std::span<const Node> outside() const { return outside_; }
  size_t num_inside() const { return inside_by_letters_.size(); }
  // Exactly the inside tokens of at most `max_letters`, counted up to kManyLetters - 1, as bits;
  // all of them if it is beyond kMaxTokenBytes. `mask` has ceil(vocab_size / 64) words.
  void assign_inside(uint32_t max_letters, std::span<uint64_t> mask) const;
  size_t bytes() const;

 private:
  std::vector<Node> inside_;
  std::vector<Node> outside_;
  std::vector<uint64_t> inside_mask_;
  std::vector<TokenId> inside_by_letters_;  // rising in letters
  std::vector<uint32_t> num_with_letters_;  // [n]: inside tokens of at most n letters
};

}  // namespace youtu
