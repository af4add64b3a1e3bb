// Text to tokens and back, and conversations to prompts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

// A stretch of a rendered prompt. Control tokens are recognised only in trusted stretches: text
// that came from the template, never text that came from a message.
struct PromptSegment {
  std::string text;
  bool trusted = false;
  bool operator==(const PromptSegment&) const = default;
};

struct ChatOptions {
  bool add_generation_prompt = true;
  std::optional<bool> enable_thinking;  // unset: the template's default
  std::vector<std::string> tools =
      {};  // JSON text of each tool; empty means that tools are undefined
};

// The optional cleaning of a prompt that the tuning guide describes, for Chinese punctuation:
// curly double quotes become ", curly single quotes ', the ellipsis character three dots;
// whitespace at the ends goes.
std::string clean_input(std::string_view text);

// Thread-safe: const after construction. All text is UTF-8.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int32_t vocab_size() const = 0;
  virtual std::optional<TokenId> bos_token() const = 0;
  virtual std::span<const TokenId> eos_tokens() const = 0;

  // Control tokens delimit turns and the like. They are not text: decode() with `skip_control`
  // leaves them out.
  virtual bool is_control(TokenId token) const = 0;
  // The bytes that `token` stands for; possibly a part of a character. Empty for ids that have no
  // text.
  virtual std::string_view token_bytes(TokenId token) const = 0;
  virtual std::optional<TokenId> find_token(std::string_view content) const = 0;

  // Fails only on text that is not UTF-8. With `trusted`, added tokens in the text become their
  // ids; otherwise every character is ordinary text. Adds no begin or end token.
  virtual Result<std::vector<TokenId>> encode(std::string_view text, bool trusted) const = 0;
  // encode() of a free prompt, with the begin token where the tokenizer's own files ask for one.
  virtual Result<std::vector<TokenId>> encode_prompt(std::string_view text) const = 0;
  // Never fails; bytes that are no UTF-8 become U+FFFD.
  virtual std::string decode(std::span<const TokenId> tokens, bool skip_control) const = 0;

  virtual bool has_chat_template() const = 0;
  virtual Result<std::vector<PromptSegment>> render_chat(std::span<const ChatMessage> messages,
                                                         const ChatOptions& options) const = 0;
  // render_chat(), then each segment encoded by its own rule.
  virtual Result<std::vector<TokenId>> encode_chat(std::span<const ChatMessage> messages,
                                                   const ChatOptions& options) const = 0;
};

}  // namespace youtu
