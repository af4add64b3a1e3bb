// A tokenizer small enough to see through, for tests of what is built on top of one: the ids 0 to
// 255 are the bytes of that value, so a character of several bytes is several tokens, and three
// more are control tokens.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "youtu/tokenizer.h"

namespace youtu {

class ToyTokenizer final : public Tokenizer {
 public:
  static constexpr TokenId kBegin = 256;
  static constexpr TokenId kEnd = 257;
  static constexpr TokenId kEndOfTurn = 258;
  static constexpr int32_t kVocabSize = 259;

  ToyTokenizer() {
    for (int byte = 0; byte < 256; ++byte) {
      bytes_[static_cast<size_t>(byte)] = std::string(1, static_cast<char>(byte));
    }
    bytes_[kBegin] = "<begin>";
    bytes_[kEnd] = "<end>";
    bytes_[kEndOfTurn] = "<turn>";
  }

  int32_t vocab_size() const override { return kVocabSize; }
  std::optional<TokenId> bos_token() const override { return kBegin; }
  std::span<const TokenId> eos_tokens() const override { return end_tokens_; }
  bool is_control(TokenId token) const override { return token >= kBegin; }
  std::string_view token_bytes(TokenId token) const override {
    if (token < 0 || token >= kVocabSize) return {};
    return bytes_[static_cast<size_t>(token)];
  }
  std::optional<TokenId> find_token(std::string_view content) const override {
    for (TokenId token = 0; token < kVocabSize; ++token) {
      if (token_bytes(token) == content) return token;
    }
    return std::nullopt;
  }
  Result<std::vector<TokenId>> encode(std::string_view text, bool) const override {
    std::vector<TokenId> tokens;
    for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
    return tokens;
  }
  Result<std::vector<TokenId>> encode_prompt(std::string_view text) const override {
    auto tokens = encode(text, false);
    tokens->insert(tokens->begin(), kBegin);
    return tokens;
  }
  std::string decode(std::span<const TokenId> tokens, bool skip_control) const override {
    std::string bytes;
    for (const TokenId token : tokens) {
      if (!(skip_control && is_control(token))) bytes += token_bytes(token);
    }
    return replace_invalid_utf8(bytes);
  }
  bool has_chat_template() const override { return false; }
  Result<std::vector<PromptSegment>> render_chat(std::span<const ChatMessage>,
                                                 const ChatOptions&) const override {
    return Status::failed_precondition("the toy tokenizer has no chat template");
  }
  Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage>,
                                           const ChatOptions&) const override {
    return Status::failed_precondition("the toy tokenizer has no chat template");
  }

 private:
  std::array<std::string, kVocabSize> bytes_;
  std::array<TokenId, 2> end_tokens_ = {kEnd, kEndOfTurn};
};

}  // namespace youtu
