// A tokenizer for tests of what tokens are made of: the ids 0 to 255 are the bytes, then come
// pieces of any bytes, then control tokens, the first of which is the end token.
#pragma once

#include <string>
#include <vector>

#include "base/utf8.h"
#include "youtu/tokenizer.h"

namespace youtu {

class PieceTokenizer final : public Tokenizer {
 public:
  explicit PieceTokenizer(const std::vector<std::string>& pieces,
                          const std::vector<std::string>& controls = {"<end>"}) {
    for (int byte = 0; byte < 256; ++byte) {
      bytes_.emplace_back(1, static_cast<char>(byte));
    }
    bytes_.insert(bytes_.end(), pieces.begin(), pieces.end());
    first_control_ = static_cast<TokenId>(bytes_.size());
    bytes_.insert(bytes_.end(), controls.begin(), controls.end());
    if (!controls.empty()) ends_ = {first_control_};
  }

  TokenId end() const { return first_control_; }
  // A vocabulary in which a byte is missing.
  void remove_byte(uint8_t byte) { bytes_[byte].clear(); }

  int32_t vocab_size() const override { return static_cast<int32_t>(bytes_.size()); }
  std::optional<TokenId> bos_token() const override { return std::nullopt; }
  std::span<const TokenId> eos_tokens() const override { return ends_; }
  bool is_control(TokenId token) const override { return token >= first_control_; }
  std::string_view token_bytes(TokenId token) const override {
    if (token < 0 || token >= vocab_size()) return {};
    return bytes_[static_cast<size_t>(token)];
  }
  std::optional<TokenId> find_token(std::string_view content) const override {
    for (TokenId token = 0; token < vocab_size(); ++token) {
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
    return encode(text, false);
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
    return Status::failed_precondition("there is no chat template");
  }
  Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage>,
                                           const ChatOptions&) const override {
    return Status::failed_precondition("there is no chat template");
  }

 private:
  std::vector<std::string> bytes_;
  std::vector<TokenId> ends_;
  TokenId first_control_ = 0;
};

}  // namespace youtu
