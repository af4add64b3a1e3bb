// A vocabulary as formats look at it: its tokens that have text, split by sets of letters, and the
// others.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/token_split.h"
#include "youtu/tokenizer.h"

namespace youtu {

// Thread-safe.
class FormatVocabulary {
 public:
  // Of splits by other letters than the plain ones, that live at the same time; some 4 MB each with
  // 128,000 tokens.
  static constexpr size_t kMaxSplits = 8;
  // Of the largest, with all splits; about, since it depends on what the tokens are.
  static int64_t planned_bytes(int32_t vocab_size);

  // REQUIRES: `tokenizer` outlives this.
  explicit FormatVocabulary(const Tokenizer& tokenizer);

  int32_t vocab_size() const { return vocab_size_; }
  // By plain_letters() (src/grammar/automaton.h).
  const TokenSplit& plain() const { return *plain_; }
  // By other letters. Those who ask for the same letters share it as long as one of them has it.
  // Nothing where it would not pay: few tokens have only such letters, or kMaxSplits are in use.
  std::shared_ptr<const TokenSplit> split(const CodePointSet& letters) const;

  // Control tokens that end nothing; a tag of a grammar may be written with one.
  std::span<const TokenId> tags() const { return tags_; }
  std::span<const TokenId> ends() const { return ends_; }
  std::string_view token_bytes(TokenId token) const { return tokenizer_.token_bytes(token); }
  bool is_control(TokenId token) const { return tokenizer_.is_control(token); }

  // A byte of UTF-8 that no token is alone; where there is one, an automaton could come to a place
  // from which no token leads on.
  std::optional<uint8_t> missing_byte() const { return missing_byte_; }

 private:
  struct Shared {
    CodePointSet letters;
    std::weak_ptr<const TokenSplit> split;
  };

  const Tokenizer& tokenizer_;
  int32_t vocab_size_;
  TokenList tokens_;  // that have text, by their bytes
  std::unique_ptr<const TokenSplit> plain_;
  std::vector<TokenId> tags_;
  std::vector<TokenId> ends_;
  std::optional<uint8_t> missing_byte_;

  mutable std::mutex mutex_;
  mutable std::vector<Shared> splits_;
};

}  // namespace youtu
