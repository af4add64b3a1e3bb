#include "text/chat_template.h"

#include "base/utf8.h"
#include "text/jinja/conversation_values.h"
#include "text/jinja/evaluator.h"
#include "text/jinja/parser.h"

#include <algorithm>

namespace youtu {

namespace {

using jinja::ArgumentForm;

Status check_utf8(std::string_view text, const std::string& what) {
  if (is_utf8(text)) return Status::ok();
  return Status::invalid_argument(what + " is not UTF-8", "messages", "invalid_utf8");
}

// The interpreter takes characters apart, so it must be given whole ones.
Status check_message(const ChatMessage& message, size_t index) {
  const std::string where = "messages[" + std::to_string(index) + "].";
  if (Status status = check_utf8(message.role, where + "role"); !status) return status;
  if (Status status = check_utf8(message.content, where + "content"); !status) return status;
  if (Status status = check_utf8(message.tool_call_id, where + "tool_call_id"); !status) {
    return status;
  }
  for (const ToolCall& call : message.tool_calls) {
    for (const std::string* text : {&call.id, &call.name, &call.arguments}) {
      if (Status status = check_utf8(*text, where + "tool_calls"); !status) return status;
    }
  }
  return Status::ok();
}

bool has_calls(std::span<const ChatMessage> messages) {
  return std::any_of(messages.begin(), messages.end(),
                     [](const ChatMessage& message) { return !message.tool_calls.empty(); });
}

std::vector<PromptSegment> to_segments(const jinja::TracedText& text) {
  std::vector<PromptSegment> segments;
  const std::string_view bytes = text.bytes();
  size_t begin = 0;
  for (const jinja::TracedText::Run& run : text.runs()) {
    segments.push_back({std::string(bytes.substr(begin, run.end - begin)), run.trusted});
    begin = run.end;
  }
  return segments;
}

struct Rendering {
  const std::string& name;
  const jinja::Block& block;
  std::span<const ChatMessage> messages;
  const ChatOptions& options;
  const ChatTemplateTokens& tokens;
  ArgumentForm form;
};

Result<std::vector<PromptSegment>> render_once(const Rendering& rendering) {
  const ChatOptions& options = rendering.options;
  const ChatTemplateTokens& tokens = rendering.tokens;
  jinja::Execution execution(rendering.name,
                             jinja::conversation_bytes(rendering.messages, options.tools));
  jinja::Evaluator evaluator(execution);
  evaluator.set_global("messages",
                       jinja::message_list(execution, rendering.messages, rendering.form));
  evaluator.set_global("add_generation_prompt", options.add_generation_prompt);
  if (options.enable_thinking) evaluator.set_global("enable_thinking", *options.enable_thinking);
  if (!options.tools.empty()) {
    evaluator.set_global("tools", jinja::tool_list(execution, options.tools));
  }
  evaluator.set_global("bos_token", execution.make_trusted(tokens.bos_token));
  evaluator.set_global("eos_token", execution.make_trusted(tokens.eos_token));
  evaluator.set_global("pad_token", execution.make_trusted(tokens.pad_token));
  const jinja::TracedText text = evaluator.run(rendering.block);
  if (execution.failed()) return execution.status();
  return to_segments(text);
}

}  // namespace

struct ChatTemplate::Parsed {
  std::string name;
  jinja::Block block;
};

Result<ChatTemplate> ChatTemplate::parse(std::string_view source, std::string_view name) {
  if (!is_utf8(source)) {
    return Status::invalid_argument(std::string(name) + ":1: the template is not UTF-8", {},
                                    "template_syntax");
  }
  Result<jinja::Block> block = jinja::parse_template(source, name);
  if (!block) return block.status();
  auto parsed = std::make_shared<Parsed>();
  parsed->name = name;
  parsed->block = std::move(block).value();
  return ChatTemplate(std::move(parsed));
}

Result<std::vector<PromptSegment>> ChatTemplate::render(std::span<const ChatMessage> messages,
                                                        const ChatOptions& options,
                                                        const ChatTemplateTokens& tokens) const {
  for (size_t i = 0; i < messages.size(); ++i) {
    if (Status status = check_message(messages[i], i); !status) return status;
  }
  for (const std::string* token : {&tokens.bos_token, &tokens.eos_token, &tokens.pad_token}) {
    if (Status status = check_utf8(*token, "a token's text"); !status) return status;
  }
  const auto with_dicts =
      render_once({parsed_->name, parsed_->block, messages, options, tokens, ArgumentForm::kDict});
  if (with_dicts || with_dicts.status().reason() != "template_error" || !has_calls(messages)) {
    return with_dicts;
  }
  const auto with_texts =
      render_once({parsed_->name, parsed_->block, messages, options, tokens, ArgumentForm::kText});
  return with_texts ? with_texts : with_dicts;
}

}  // namespace youtu
