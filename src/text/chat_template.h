// A model's chat template: from a conversation to the text of a prompt, in which every character is
// known to come from the template or from a message.
#pragma once

#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace youtu {

// How the tokenizer spells the tokens that templates name; empty where it has none.
struct ChatTemplateTokens {
  std::string bos_token;
  std::string eos_token;
  std::string pad_token;
};

// Immutable, cheap to copy, and safe to use from several threads at once.
class ChatTemplate {
 public:
  // `name` is for messages: errors are kInvalidArgument and read "name:line: what".
  static Result<ChatTemplate> parse(std::string_view source, std::string_view name);

  // Runs the template as Hugging Face does: `messages`, `add_generation_prompt` and the three
  // tokens are always defined, `tools` only if there are some, `enable_thinking` only if it is set.
  // The arguments of a call are a dict, by Hugging Face's convention; for a template that fails on
  // a dict, because it joins the arguments to its own text as DeepSeek's do, they are text.
  //
  // Roles, contents, tools, calls and their ids are untrusted. Segments are not empty and differ in
  // trust from their neighbours. Errors are kInvalidArgument, with reason "template_raised" where
  // the template itself refuses the conversation (then the message is the template's own),
  // "template_limit", "template_error", "invalid_utf8", or that of a tool which is not JSON.
  Result<std::vector<PromptSegment>> render(std::span<const ChatMessage> messages,
                                            const ChatOptions& options,
                                            const ChatTemplateTokens& tokens) const;

 private:
  struct Parsed;
  explicit ChatTemplate(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace youtu
