// A vocabulary as a tree of bytes, so that tokens that begin alike are looked at together. It is
// laid out in the order in which it is walked: a walk reads it from front to back and leaps over
// what a wrong byte rules out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "youtu/tokenizer.h"

namespace youtu {

class TokenTrie {
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
    uint8_t max_letters = 0;  // of the plain tokens here and below; 0 in the other tree
  };

  explicit TokenTrie(const Tokenizer& tokenizer);

  int32_t vocab_size() const { return vocab_size_; }
  // Tokens of whole plain letters only (src/grammar/automaton.h), and all others that have text.
  std::span<const Node> plain() const { return plain_; }
  std::span<const Node> others() const { return others_; }
  // The plain tokens by the number of their letters, at most `max_letters`, or all of them.
  // Each bit of `mask` [ceil(vocab_size / 64)] that stands for one is set.
  void set_plain(uint32_t max_letters, std::span<uint64_t> mask) const;

  // Control tokens that end nothing; a tag of a grammar may be written with one.
  std::span<const TokenId> tags() const { return tags_; }
  std::span<const TokenId> ends() const { return ends_; }
  std::string_view token_bytes(TokenId token) const { return tokenizer_.token_bytes(token); }
  bool is_control(TokenId token) const { return tokenizer_.is_control(token); }

  // A byte of UTF-8 that no token is alone; where there is one, an automaton could come to a place
  // from which no token leads on.
  std::optional<uint8_t> missing_byte() const { return missing_byte_; }

 private:
  const Tokenizer& tokenizer_;  // outlives this
  int32_t vocab_size_;
  std::vector<Node> plain_;
  std::vector<Node> others_;
  std::vector<uint64_t> plain_mask_;
  std::vector<TokenId> plain_by_letters_;   // rising in letters
  std::vector<uint32_t> num_with_letters_;  // [n]: plain tokens of at most n letters
  std::vector<TokenId> tags_;
  std::vector<TokenId> ends_;
  std::optional<uint8_t> missing_byte_;
};

}  // namespace youtu
