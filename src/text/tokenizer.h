// The tokenizer of a model: normalize, find added tokens, split into words, byte-pair encode; and
// back.
//
// What a user wrote never becomes a control token. An added token (of any kind: control tokens,
// tool tags, plain user-defined ones) is recognised only where the text is trusted, and its id is
// kept out of byte-pair encoding too, also where the vocabulary lists its content as an ordinary
// piece. So in untrusted text every added token's spelling is encoded as the ordinary pieces it is
// made of. Words may span the border between trusted and untrusted text: for harmless text the ids
// are those that Hugging Face's library gives for the whole prompt.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalizer.h"
#include "text/pre_tokenizer.h"
#include "text/vocab_spec.h"
#include "youtu/tokenizer.h"

namespace youtu {

class ChatTemplate;

// The longest text that encode() takes.
inline constexpr size_t kMaxEncodeBytes = 1u << 30;

class BpeTokenizer final : public Tokenizer {
 public:
  // Errors name the part of the description that is wrong: "vocab", "merges", "added_tokens",
  // "normalizer", "pre_tokenizer", or the chat template with its line.
  static Result<std::shared_ptr<const Tokenizer>> create(VocabSpec spec);
  ~BpeTokenizer() override;

  int32_t vocab_size() const override { return static_cast<int32_t>(bytes_.size()); }
  std::optional<TokenId> bos_token() const override { return bos_id_; }
  std::span<const TokenId> eos_tokens() const override { return eos_ids_; }
  bool is_control(TokenId token) const override;
  std::string_view token_bytes(TokenId token) const override;
  std::optional<TokenId> find_token(std::string_view content) const override;

  // Fails with reason "invalid_utf8", "too_large", or, where a model's pattern backtracks without
  // end, "too_complex".
  Result<std::vector<TokenId>> encode(std::string_view text, bool trusted) const override;
  // The text is not trusted: a begin token that is spelled out in it is text.
  Result<std::vector<TokenId>> encode_prompt(std::string_view text) const override;
  std::string decode(std::span<const TokenId> tokens, bool skip_control) const override;

  bool has_chat_template() const override { return chat_template_ != nullptr; }
  Result<std::vector<PromptSegment>> render_chat(std::span<const ChatMessage> messages,
                                                 const ChatOptions& options) const override;
  Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage> messages,
                                           const ChatOptions& options) const override;
  // What encode_chat() does with the segments of render_chat().
  Result<std::vector<TokenId>> encode_segments(std::span<const PromptSegment> segments) const;

 private:
  // UTF-8 and the ranges of it that are trusted, disjoint and in order.
  struct MarkedText {
    std::string text;
    std::vector<TextRange> trusted;
  };

  BpeTokenizer(Normalizer normalizer, PreTokenizer pre_tokenizer, BytePairEncoder encoder,
               AddedTokenMatcher raw, AddedTokenMatcher normalized);
  void fill_tables(const VocabSpec& spec);
  Status fill_chat_template(const VocabSpec& spec);

  Result<std::vector<TokenId>> encode_marked(const MarkedText& marked) const;
  Status encode_section(const MarkedText& section, std::vector<TokenId>& out) const;
  Status encode_words(std::string text, std::vector<TokenId>& out) const;
  Result<MarkedText> normalize(const MarkedText& marked) const;
  std::string content_of(std::optional<TokenId> token) const;

  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  BytePairEncoder encoder_;
  AddedTokenMatcher raw_tokens_;         // matched before the normalizer
  AddedTokenMatcher normalized_tokens_;  // matched after it
  std::vector<std::string> bytes_;       // of each id
  std::vector<bool> control_;            // of each id
  std::unordered_map<std::string, TokenId> added_by_content_;
  std::vector<TokenId> prompt_prefix_;
  std::optional<TokenId> bos_id_;
  std::optional<TokenId> pad_id_;
  std::vector<TokenId> eos_ids_;
  std::unique_ptr<const ChatTemplate> chat_template_;
};

}  // namespace youtu
