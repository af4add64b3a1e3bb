#include "server/openai/completion_request.h"

#include <array>
#include <limits>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"
#include "server/openai/request_fields.h"

namespace youtu::openai {

namespace {

constexpr int64_t kDefaultMaxTokens = 16;  // OpenAI's, of this endpoint only
constexpr std::array<std::string_view, 3> kFields = {"prompt", "echo", "suffix"};

Status too_many_prompts(size_t count) {
  return Status::invalid_argument("prompt has " + std::to_string(count) + " texts (at most " +
                                      std::to_string(kMaxPrompts) + ")",
                                  "prompt", "out_of_range");
}

// A list of numbers is one prompt of tokens.
Result<std::vector<TokenId>> read_tokens(const Json& list) {
  std::vector<TokenId> tokens;
  tokens.reserve(list.size());
  for (const Json& item : list) {
    if (!item.is_number_integer()) return wrong_type("prompt", "a text, tokens, or a list of them");
    const double token = item.get<double>();
    if (token < 0 || token > std::numeric_limits<TokenId>::max()) {
      return Status::invalid_argument("prompt has a token out of range", "prompt", "out_of_range");
    }
    tokens.push_back(item.get<TokenId>());
  }
  return tokens;
}

Result<CompletionPrompt> read_prompt(const Json& json) {
  if (json.is_string()) {
    if (json.get_ref<const std::string&>().empty()) return empty_field("prompt");
    return CompletionPrompt(json.get<std::string>());
  }
  if (!json.is_array()) return wrong_type("prompt", "a text, tokens, or a list of them");
  if (json.empty()) return empty_field("prompt");
  Result<std::vector<TokenId>> tokens = read_tokens(json);
  RETURN_IF_ERROR(tokens);
  return CompletionPrompt(*std::move(tokens));
}

Status read_prompts(const Json& body, std::vector<CompletionPrompt>& prompts) {
  const Json* json = find_field(body, "prompt");
  if (!json) {
    return Status::invalid_argument("prompt is missing", "prompt", "missing_required_parameter");
  }
  const bool is_list = json->is_array() && !json->empty() && !json->front().is_number();
  if (is_list && json->size() > kMaxPrompts) return too_many_prompts(json->size());
  for (size_t i = 0; i < (is_list ? json->size() : 1); ++i) {
    Result<CompletionPrompt> prompt = read_prompt(is_list ? (*json)[i] : *json);
    RETURN_IF_ERROR(prompt);
    prompts.push_back(*std::move(prompt));
  }
  return Status::ok();
}

// Here a number: of how many of the likeliest.
Status read_logprobs(const Json& body, SamplingParams& sampling) {
  const Result<std::optional<int64_t>> count = read_count(body, "logprobs", kMaxCompletionLogprobs);
  RETURN_IF_ERROR(count);
  if (*count) sampling.top_logprobs = static_cast<int32_t>(**count);
  return Status::ok();
}

// What this server does not do must not look as if it were done.
Status refuse_unsupported(const Json& body, const CompletionRequest& request) {
  if (const Json* suffix = find_field(body, "suffix"); suffix && *suffix != "") {
    return Status::invalid_argument(
        "suffix is not supported: this model was not trained to fill in", "suffix",
        "unsupported_value");
  }
  if (request.echo && request.sampling.top_logprobs) {
    return Status::invalid_argument("echo with logprobs is not supported", "echo",
                                    "unsupported_value");
  }
  return Status::ok();
}

Status lint(const Json& body, const Defaults& defaults, CompletionRequest& request) {
  const std::vector<std::string_view> known = completion_field_names();
  const std::vector<std::string_view> unused = unused_field_names();
  ParameterContext context;
  context.known_fields = known;
  context.unused_fields = unused;
  context.is_strict = defaults.is_strict;
  Result<std::vector<ParameterWarning>> warnings = lint_parameters(body, request.sampling, context);
  RETURN_IF_ERROR(warnings);
  request.warnings = *std::move(warnings);
  return Status::ok();
}

}  // namespace

std::vector<std::string_view> completion_field_names() {
  std::vector<std::string_view> names = common_field_names();
  names.insert(names.end(), kFields.begin(), kFields.end());
  return names;
}

Result<CompletionRequest> parse_completion(std::string_view text, const Defaults& defaults) {
  const Result<Json> body = parse_object(text);
  RETURN_IF_ERROR(body);
  CompletionRequest request;
  RETURN_IF_ERROR(read_common_fields(*body, text, defaults.preset, request));
  if (!request.has_max_tokens) request.sampling.max_new_tokens = kDefaultMaxTokens;
  request.has_max_tokens = true;
  RETURN_IF_ERROR(read_prompts(*body, request.prompts));
  RETURN_IF_ERROR(read_flag(*body, "echo", request.echo));
  RETURN_IF_ERROR(read_logprobs(*body, request.sampling));
  RETURN_IF_ERROR(refuse_unsupported(*body, request));
  RETURN_IF_ERROR(lint(*body, defaults, request));
  return request;
}

}  // namespace youtu::openai
