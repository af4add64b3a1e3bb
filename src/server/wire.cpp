#include "server/wire.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/json.h"
#include "server/format_fields.h"
#include "server/json_fields.h"
#include "server/message_fields.h"
#include "server/sampling_fields.h"
#include "server/scheduling_fields.h"
#include "server/thinking.h"
#include "server/timings_json.h"

namespace youtu {

namespace {

// Told in Retry-After: a default, and bounds that clients honour (the official OpenAI client comes
// back at once when it is told more than a minute).
constexpr double kRetryAfterSeconds = 2;
constexpr double kMaxRetryAfterSeconds = 60;
constexpr size_t kMaxIgnoredNames = 16;
constexpr size_t kMaxIgnoredNameBytes = 64;

constexpr std::array<std::string_view, 20> kOtherFields = {
    "prompt",         "messages",        "system",
    "preset",         "config",          "clean_input",
    "stream_format",  "timings",         "explain",
    "cache_salt",     "priority",        "speculation",
    "prediction",     "timeout_ms",      "ttft_slo_ms",
    "strict",         "enable_thinking", "reasoning_budget_message",
    "explain_tokens", "window_cache"};

Status read_prompt(const Json& body, std::vector<ChatMessage>& messages) {
  const auto prompt = body.find("prompt");
  if (prompt == body.end()) {
    return Status::invalid_argument("prompt (or messages) is missing", "prompt", "missing");
  }
  // Not optional, so null is no way to leave it out.
  if (!prompt->is_string()) return wrong_type("prompt", "a string");
  ChatMessage message;
  message.role = "user";
  message.content = prompt->get<std::string>();
  messages.push_back(std::move(message));
  return Status::ok();
}

Status add_system_prompt(const Json& body, std::vector<ChatMessage>& messages) {
  Result<std::optional<std::string>> system = read_text(body, "system");
  RETURN_IF_ERROR(system);
  if (!*system) return Status::ok();
  if (!messages.empty() && messages.front().role == "system") {
    return Status::invalid_argument("system and a system message in messages are the same thing",
                                    "system", "given_twice");
  }
  ChatMessage message;
  message.role = "system";
  message.content = **std::move(system);
  messages.insert(messages.begin(), std::move(message));
  return Status::ok();
}

Status read_conversation(const Json& body, bool clean, std::vector<ChatMessage>& messages) {
  const bool has_messages = find_field(body, "messages") != nullptr;
  if (has_messages && find_field(body, "prompt")) {
    return Status::invalid_argument("prompt and messages are two ways to say the same", "prompt",
                                    "given_twice");
  }
  RETURN_IF_ERROR(has_messages ? read_messages(*find_field(body, "messages"), messages)
                               : read_prompt(body, messages));
  if (clean) {
    for (ChatMessage& message : messages) {
      if (message.role == "user") message.content = clean_input(message.content);
    }
  }
  const ChatMessage& last = messages.back();
  if (last.content.empty() && last.tool_calls.empty()) {
    return empty_field(
        has_messages ? "messages[" + std::to_string(messages.size() - 1) + "].content" : "prompt");
  }
  return add_system_prompt(body, messages);
}

Status read_preset(const Json& body, const ChatDefaults& defaults, ChatRequest& request) {
  Result<std::optional<std::string>> preset = read_text(body, "preset");
  RETURN_IF_ERROR(preset);
  Result<std::optional<std::string>> config = read_text(body, "config");
  RETURN_IF_ERROR(config);
  if (*preset && *config && **preset != **config) {
    return Status::invalid_argument("config and preset are two names of the same field", "config",
                                    "given_twice");
  }
  const std::string param = *config ? "config" : "preset";
  request.preset = preset->value_or(config->value_or(defaults.preset));
  const Result<const SamplingPreset*> found = find_named_preset(request.preset, param);
  RETURN_IF_ERROR(found);
  request.sampling = (*found)->params;
  return Status::ok();
}

// The preset is itself a value that came from somewhere.
Status read_sources(const Json& body, const ChatDefaults& defaults, ChatRequest& request) {
  bool explain = false;
  RETURN_IF_ERROR(read_flag(body, "explain", explain));
  if (!explain) return Status::ok();
  OrderedJson sources;
  const bool is_given = find_field(body, "preset") || find_field(body, "config");
  sources["preset"] = is_given ? "request" : defaults.preset_source;
  sources.update(sampling_sources(body));
  request.sources = sources.dump();
  return Status::ok();
}

Status read_explain_tokens(const Json& body, SamplingParams& sampling) {
  const Result<std::optional<int64_t>> count =
      read_count(body, "explain_tokens", kMaxExplainedCandidates);
  RETURN_IF_ERROR(count);
  sampling.explain_tokens = static_cast<int32_t>(count->value_or(0));
  return Status::ok();
}

Status read_stream_format(const Json& body, StreamFormat& format) {
  Result<std::optional<std::string>> name = read_text(body, "stream_format");
  RETURN_IF_ERROR(name);
  if (!*name) return Status::ok();
  if (**name != "text" && **name != "json") {
    return Status::invalid_argument("stream_format must be text or json", "stream_format",
                                    "out_of_range");
  }
  format = **name == "json" ? StreamFormat::kJson : StreamFormat::kText;
  return Status::ok();
}

// What there is to say only of requests that have a history to choose from.
void add_session_report(OrderedJson& json, const ChatAnswer& answer) {
  if (answer.turn) {
    json["session_id"] = answer.session_id;
    json["turn"] = answer.turn->number;
  }
  if (!answer.history) return;
  OrderedJson history;
  history["policy"] = to_string(answer.history->policy);
  history["turns_kept"] = answer.history->turns_kept;
  history["turns_dropped"] = answer.history->turns_dropped;
  if (answer.turn) history["turns_removed"] = answer.turn->num_removed;
  if (answer.history->window_cache == WindowCache::kRotate) {
    history["window_cache"] = to_string(answer.history->window_cache);
    history["rotated_tokens"] = answer.usage.rotated_tokens;
  }
  json["history"] = std::move(history);
}

Status lint(const Json& body, const ChatDefaults& defaults, ChatRequest& request) {
  const std::vector<std::string_view> known = chat_field_names();
  ParameterContext context;
  context.known_fields = known;
  context.has_format = request.output_format.has_value();
  context.enable_thinking = request.enable_thinking;
  context.is_strict = defaults.is_strict;
  Result<std::vector<ParameterWarning>> warnings = lint_parameters(body, request.sampling, context);
  RETURN_IF_ERROR(warnings);
  request.warnings = *std::move(warnings);
  return Status::ok();
}

void add_summary(OrderedJson& json, const ChatAnswer& answer, const ChatRequest& request,
                 std::string_view model) {
  json["finish_reason"] = to_string(answer.finish_reason);
  if (answer.finish_reason == FinishReason::kRepetition) json["stop_reason"] = "repetition_loop";
  if (answer.repetition) {
    json["repetition"] = {{"period", answer.repetition->period},
                          {"count", answer.repetition->count}};
  }
  json["usage"] = usage_json(answer.usage);
  json["model"] = model;
  json["preset"] = request.preset;
  json["parameters"] = sampling_fields(request.sampling);
  if (!request.warnings.empty()) json["warnings"] = warnings_json(request.warnings);
  if (!request.sources.empty()) json["sources"] = OrderedJson::parse(request.sources);
  if (request.wants_timings) {
    json["timings"] = timings_json(answer.timings, answer.usage, answer.prepare_seconds);
  }
  add_session_report(json, answer);
}

std::string retry_after(const Status& status) {
  const double known = status.retry_after_seconds();
  const double seconds = known > 0 ? known : kRetryAfterSeconds;
  return std::to_string(
      static_cast<int>(std::clamp(std::ceil(seconds), 1.0, kMaxRetryAfterSeconds)));
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view text, const ChatDefaults& defaults) {
  const Result<Json> body = parse_object(text);
  RETURN_IF_ERROR(body);
  ChatRequest request;
  bool clean = defaults.clean_input;
  RETURN_IF_ERROR(read_flag(*body, "clean_input", clean));
  RETURN_IF_ERROR(read_flag(*body, "enable_thinking", request.enable_thinking));
  RETURN_IF_ERROR(read_flag(*body, "timings", request.wants_timings));
  RETURN_IF_ERROR(read_stream_format(*body, request.stream_format));
  RETURN_IF_ERROR(read_scheduling_fields(*body, request.scheduling));
  RETURN_IF_ERROR(read_preset(*body, defaults, request));
  RETURN_IF_ERROR(read_explain_tokens(*body, request.sampling));
  RETURN_IF_ERROR(read_sampling_fields(*body, request.sampling));
  RETURN_IF_ERROR(read_last_words(*body, request.last_words));
  request.enable_thinking = request.enable_thinking && may_think(request.sampling);
  RETURN_IF_ERROR(read_sources(*body, defaults, request));
  RETURN_IF_ERROR(read_conversation(*body, clean, request.messages));
  RETURN_IF_ERROR(read_session_fields(*body, request.session));
  RETURN_IF_ERROR(read_window_cache(*body, request.session));
  if (request.session.id) RETURN_IF_ERROR(check_new_turn(request.messages));
  Result<std::optional<OutputFormat>> format = read_format_fields(*body, text);
  RETURN_IF_ERROR(format);
  request.output_format = *std::move(format);
  if (request.output_format && request.enable_thinking) request.output_format->after = "</think>";
  RETURN_IF_ERROR(lint(*body, defaults, request));
  return request;
}

std::vector<std::string_view> chat_field_names() {
  std::vector<std::string_view> names = sampling_field_names();
  for (const std::span<const std::string_view> more :
       {std::span<const std::string_view>(kOtherFields), session_field_names(),
        format_field_names()}) {
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

std::string ignored_fields_header(const std::vector<std::string>& names) {
  std::string header;
  const size_t shown = std::min(names.size(), kMaxIgnoredNames);
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) header += ", ";
    for (const char c : names[i].substr(0, kMaxIgnoredNameBytes)) {
      const bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      header += harmless ? c : '?';
    }
  }
  if (shown < names.size()) header += ", ...";
  return header;
}

std::string ignored_fields_header(std::span<const ParameterWarning> warnings) {
  std::vector<std::string> names;
  for (const ParameterWarning& warning : warnings) {
    if (warning.kind == ParameterWarning::Kind::kUnknown) names.push_back(warning.param);
  }
  return ignored_fields_header(names);
}

std::string history_header(const HistoryReport& history) {
  return "policy=" + std::string(to_string(history.policy)) +
         "; turns_kept=" + std::to_string(history.turns_kept) +
         "; turns_dropped=" + std::to_string(history.turns_dropped) +
         (history.window_cache == WindowCache::kRotate ? "; window_cache=rotate" : "");
}

std::string chat_answer_body(const ChatAnswer& answer, const ChatRequest& request,
                             std::string_view model) {
  OrderedJson json;
  json["response"] = answer.response;
  if (answer.has_reasoning) json["reasoning"] = answer.reasoning;
  if (!answer.explained_tokens.empty()) json["explained_tokens"] = answer.explained_tokens;
  add_summary(json, answer, request, model);
  return dump_json(json);
}

std::string chat_summary(const ChatAnswer& answer, const ChatRequest& request,
                         std::string_view model) {
  OrderedJson json;
  add_summary(json, answer, request, model);
  return dump_json(json);
}

OrderedJson usage_json(const Usage& usage) {
  OrderedJson json;
  json["prompt_tokens"] = usage.prompt_tokens;
  json["completion_tokens"] = usage.completion_tokens;
  json["total_tokens"] = usage.prompt_tokens + usage.completion_tokens;
  json["cached_tokens"] = usage.cached_tokens;
  if (usage.reasoning_tokens > 0) json["reasoning_tokens"] = usage.reasoning_tokens;
  return json;
}

std::string health_body(std::string_view status, std::string_view model) {
  OrderedJson json;
  json["status"] = status;
  json["model"] = model;
  return dump_json(json);
}

std::string text_chunk_body(std::string_view text) {
  OrderedJson json;
  json["text"] = text;
  return dump_json(json);
}

std::string_view error_code(const Status& status) {
  if (!status.reason().empty()) return status.reason();
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return "invalid_value";
    case StatusCode::kResourceExhausted:
      return "server_full";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kCancelled:
      return "cancelled";
    default:
      return "internal";
  }
}

int http_status(const Status& status) {
  // Reasons that HTTP has a status of its own for.
  if (status.reason() == "session_busy" || status.reason() == "session_exists") return 409;
  if (status.reason() == "session_damaged") return 500;
  if (status.reason() == "content_type") return 415;
  if (status.reason() == "session_limit") return 429;
  switch (status.code()) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kFailedPrecondition:
      return 400;
    case StatusCode::kResourceExhausted:
      return 503;
    case StatusCode::kUnavailable:
      return 503;
    case StatusCode::kCancelled:
      return 503;
    case StatusCode::kInternal:
      return 500;
  }
  return 500;
}

std::string status_body(const Status& status) {
  return http::error_body(http_status(status), status.message(), status.param(),
                          error_code(status));
}

http::Response status_response(const Status& status) {
  http::Response response;
  response.status = http_status(status);
  response.body = status_body(status);
  if (response.status == 503) response.fields.push_back({"Retry-After", retry_after(status)});
  return response;
}

}  // namespace youtu
