#include "server/tokenizer_api.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"
#include "server/json_content.h"
#include "server/json_fields.h"
#include "server/message_fields.h"
#include "server/wire.h"

namespace youtu {

namespace {

constexpr size_t kMaxTokens = 1u << 20;

// messages, and how the template shall treat them.
Status read_conversation(const Json& body, std::vector<ChatMessage>& messages,
                         ChatOptions& options) {
  RETURN_IF_ERROR(read_messages(*find_field(body, "messages"), messages));
  bool enable_thinking = false;
  RETURN_IF_ERROR(read_flag(body, "enable_thinking", enable_thinking));
  options.enable_thinking = enable_thinking;
  return read_flag(body, "add_generation_prompt", options.add_generation_prompt);
}

// The text under vLLM's name or llama-server's.
Result<std::string> read_prompt(const Json& body) {
  for (const std::string name : {"prompt", "content"}) {
    Result<std::optional<std::string>> text = read_text(body, name);
    RETURN_IF_ERROR(text);
    if (*text) return **std::move(text);
  }
  return Status::invalid_argument("prompt (or content, or messages) is missing", "prompt",
                                  "missing");
}

Result<std::vector<TokenId>> encode_body(const Json& body, const Tokenizer& tokenizer) {
  if (find_field(body, "messages")) {
    std::vector<ChatMessage> messages;
    ChatOptions options;
    RETURN_IF_ERROR(read_conversation(body, messages, options));
    return tokenizer.encode_chat(messages, options);
  }
  const Result<std::string> prompt = read_prompt(body);
  RETURN_IF_ERROR(prompt);
  bool add_special = true;
  RETURN_IF_ERROR(read_flag(body, "add_special_tokens", add_special));
  RETURN_IF_ERROR(read_flag(body, "add_special", add_special));
  return add_special ? tokenizer.encode_prompt(*prompt)
                     : tokenizer.encode(*prompt, /*trusted=*/false);
}

Result<OrderedJson> tokenize(const Json& body, const Engine& engine) {
  const Tokenizer& tokenizer = engine.tokenizer();
  const Result<std::vector<TokenId>> tokens = encode_body(body, tokenizer);
  RETURN_IF_ERROR(tokens);
  bool wants_texts = false;
  RETURN_IF_ERROR(read_flag(body, "return_token_strs", wants_texts));
  RETURN_IF_ERROR(read_flag(body, "with_pieces", wants_texts));
  OrderedJson json;
  json["count"] = tokens->size();
  json["max_model_len"] = engine.model_info().context_length;
  json["tokens"] = *tokens;
  if (!wants_texts) return json;
  json["token_strs"] = OrderedJson::array();
  for (const TokenId token : *tokens) {
    json["token_strs"].push_back(replace_invalid_utf8(tokenizer.token_bytes(token)));
  }
  return json;
}

Result<std::vector<TokenId>> read_tokens(const Json& body, int32_t vocab_size) {
  const Json* list = find_field(body, "tokens");
  if (!list) return Status::invalid_argument("tokens is missing", "tokens", "missing");
  if (!list->is_array()) return wrong_type("tokens", "a list of token ids");
  if (list->size() > kMaxTokens) {
    return Status::invalid_argument("tokens has more than " + std::to_string(kMaxTokens) + " ids",
                                    "tokens", "out_of_range");
  }
  std::vector<TokenId> tokens;
  for (const Json& item : *list) {
    if (!item.is_number_integer()) return wrong_type("tokens", "a list of token ids");
    const double token = item.get<double>();
    if (token < 0 || token >= vocab_size) {
      return Status::invalid_argument(
          "tokens has an id out of range (0 to " + std::to_string(vocab_size - 1) + ")", "tokens",
          "out_of_range");
    }
    tokens.push_back(item.get<TokenId>());
  }
  return tokens;
}

Result<OrderedJson> detokenize(const Json& body, const Engine& engine) {
  const Tokenizer& tokenizer = engine.tokenizer();
  const Result<std::vector<TokenId>> tokens = read_tokens(body, tokenizer.vocab_size());
  RETURN_IF_ERROR(tokens);
  const std::string text = tokenizer.decode(*tokens, /*skip_control=*/false);
  OrderedJson json;
  json["prompt"] = text;
  json["content"] = text;
  return json;
}

Result<OrderedJson> apply_template(const Json& body, const Engine& engine) {
  if (!find_field(body, "messages")) {
    return Status::invalid_argument("messages is missing", "messages", "missing");
  }
  std::vector<ChatMessage> messages;
  ChatOptions options;
  RETURN_IF_ERROR(read_conversation(body, messages, options));
  if (!engine.tokenizer().has_chat_template()) {
    return Status::invalid_argument("this model has no chat template", "messages",
                                    "no_chat_template");
  }
  const Result<std::vector<PromptSegment>> segments =
      engine.tokenizer().render_chat(messages, options);
  RETURN_IF_ERROR(segments);
  std::string prompt;
  for (const PromptSegment& segment : *segments) prompt += segment.text;
  OrderedJson json;
  json["prompt"] = std::move(prompt);
  return json;
}

}  // namespace

void TokenizerApi::add_routes(http::Router& router) {
  using Answer = Result<OrderedJson> (*)(const Json&, const Engine&);
  for (const auto& [path, make_answer] : {std::pair<const char*, Answer>("/tokenize", tokenize),
                                          {"/detokenize", detokenize},
                                          {"/apply-template", apply_template}}) {
    router.add("POST", path, [this, answer = make_answer](const http::Request& request) {
      if (auto refusal = refuse_content(request)) return *std::move(refusal);
      if (const Status status = state_.readiness(); !status) return status_response(status);
      const Result<Json> body = parse_object(request.body);
      if (!body) return status_response(body.status());
      const Result<OrderedJson> json = answer(*body, state_.ready_engine());
      if (!json) return status_response(json.status());
      http::Response response;
      response.body = dump_json(*json);
      return response;
    });
  }
}

}  // namespace youtu
