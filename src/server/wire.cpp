#include "server/wire.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/json.h"
#include "server/json_fields.h"
#include "server/sampling_fields.h"
#include "server/scheduling_fields.h"
#include "server/timings_json.h"

namespace youtu {

namespace {

// Told in Retry-After: a default, and bounds that clients honour (the official OpenAI client comes
// back at once when it is told more than a minute).
constexpr double kRetryAfterSeconds = 2;
constexpr double kMaxRetryAfterSeconds = 60;
constexpr size_t kMaxIgnoredNames = 16;
constexpr size_t kMaxIgnoredNameBytes = 64;

constexpr std::array<std::string_view, 16> kOtherFields = {
    "prompt",      "messages",      "system",     "preset",     "config",     "enable_thinking",
    "clean_input", "stream_format", "timings",    "explain",    "cache_salt", "priority",
    "speculation", "prediction",    "timeout_ms", "ttft_slo_ms"};
constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};

// A content is a string, or a list of text parts as in OpenAI's API.
Result<std::string> read_content(const Json& content, const std::string& name) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return wrong_type(name, "a string or a list of text parts");
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const std::string part_name = name + "[" + std::to_string(i) + "]";
    const Json& part = content[i];
    if (!part.is_object()) return wrong_type(part_name, "an object");
    const Json* type = find_field(part, "type");
    if (!type || !type->is_string()) return wrong_type(part_name + ".type", "a string");
    if (*type != "text") {
      return Status::invalid_argument(
          "this model reads text only; a part must have \"type\": \"text\"", part_name,
          "unsupported_content");
    }
    const Json* value = find_field(part, "text");
    if (!value || !value->is_string()) return wrong_type(part_name + ".text", "a string");
    text += value->get_ref<const std::string&>();
  }
  return text;
}

Result<ChatMessage> read_message(const Json& json, const std::string& name) {
  if (!json.is_object()) return wrong_type(name, "an object with role and content");
  const Json* role = find_field(json, "role");
  if (!role) return Status::invalid_argument(name + ".role is missing", name + ".role", "missing");
  if (!role->is_string()) return wrong_type(name + ".role", "a string");
  if (std::find(kRoles.begin(), kRoles.end(), role->get_ref<const std::string&>()) ==
      kRoles.end()) {
    return Status::invalid_argument(name + ".role must be system, user, assistant or tool",
                                    name + ".role", "out_of_range");
  }
  const Json* content = find_field(json, "content");
  if (!content)
    return Status::invalid_argument(name + ".content is missing", name + ".content", "missing");
  Result<std::string> text = read_content(*content, name + ".content");
  RETURN_IF_ERROR(text);
  ChatMessage message;
  message.role = role->get<std::string>();
  message.content = *std::move(text);
  return message;
}

Status read_messages(const Json& body, std::vector<ChatMessage>& messages) {
  const Json& list = *find_field(body, "messages");
  if (!list.is_array()) return wrong_type("messages", "a list of messages");
  if (list.empty()) return empty_field("messages");
  if (list.size() > kMaxMessages) {
    return Status::invalid_argument(
        std::to_string(list.size()) + " messages (at most " + std::to_string(kMaxMessages) + ")",
        "messages", "out_of_range");
  }
  messages.reserve(list.size() + 1);
  for (size_t i = 0; i < list.size(); ++i) {
    Result<ChatMessage> message = read_message(list[i], "messages[" + std::to_string(i) + "]");
    RETURN_IF_ERROR(message);
    messages.push_back(*std::move(message));
  }
  return Status::ok();
}

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
  RETURN_IF_ERROR(has_messages ? read_messages(body, messages) : read_prompt(body, messages));
  if (clean) {
    for (ChatMessage& message : messages) {
      if (message.role == "user") message.content = clean_input(message.content);
    }
  }
  const ChatMessage& last = messages.back();
  if (last.content.empty()) {
    return empty_field(
        has_messages ? "messages[" + std::to_string(messages.size() - 1) + "].content" : "prompt");
  }
  return add_system_prompt(body, messages);
}

std::string known_presets() {
  std::string names;
  for (const SamplingPreset& preset : sampling_presets()) {
    names.append(names.empty() ? "" : ", ").append(preset.name);
  }
  return names;
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
  const SamplingPreset* found = find_sampling_preset(request.preset);
  if (!found)
    return Status::invalid_argument(param + " must be one of " + known_presets(), param,
                                    "unknown_preset");
  request.sampling = found->params;
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
  json["history"] = std::move(history);
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
  if (!request.sources.empty()) json["sources"] = OrderedJson::parse(request.sources);
  if (request.wants_timings) {
    json["timings"] = timings_json(answer.timings, answer.usage, answer.prepare_seconds);
  }
  add_session_report(json, answer);
}

std::string dump(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
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

std::string retry_after(const Status& status) {
  const double known = status.retry_after_seconds();
  const double seconds = known > 0 ? known : kRetryAfterSeconds;
  return std::to_string(
      static_cast<int>(std::clamp(std::ceil(seconds), 1.0, kMaxRetryAfterSeconds)));
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view text, const ChatDefaults& defaults) {
  const Result<Json> body = parse_json(text);
  if (!body) return body.status().with_prefix("the body is not valid JSON: ");
  if (!body->is_object())
    return Status::invalid_argument("the body must be a JSON object", {}, "type");
  ChatRequest request;
  bool clean = defaults.clean_input;
  RETURN_IF_ERROR(read_flag(*body, "clean_input", clean));
  RETURN_IF_ERROR(read_flag(*body, "enable_thinking", request.enable_thinking));
  RETURN_IF_ERROR(read_flag(*body, "timings", request.wants_timings));
  RETURN_IF_ERROR(read_stream_format(*body, request.stream_format));
  RETURN_IF_ERROR(read_scheduling_fields(*body, request.scheduling));
  RETURN_IF_ERROR(read_preset(*body, defaults, request));
  RETURN_IF_ERROR(read_sampling_fields(*body, request.sampling));
  RETURN_IF_ERROR(read_sources(*body, defaults, request));
  RETURN_IF_ERROR(read_conversation(*body, clean, request.messages));
  RETURN_IF_ERROR(read_session_fields(*body, request.session));
  if (request.session.id) RETURN_IF_ERROR(check_new_turn(request.messages));
  for (const auto& [name, value] : body->items()) {
    const bool known =
        is_sampling_field(name) || is_session_field(name) ||
        std::find(kOtherFields.begin(), kOtherFields.end(), name) != kOtherFields.end();
    if (!known) request.ignored_fields.push_back(name);
  }
  return request;
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

std::string history_header(const HistoryReport& history) {
  return "policy=" + std::string(to_string(history.policy)) +
         "; turns_kept=" + std::to_string(history.turns_kept) +
         "; turns_dropped=" + std::to_string(history.turns_dropped);
}

std::string chat_answer_body(const ChatAnswer& answer, const ChatRequest& request,
                             std::string_view model) {
  OrderedJson json;
  json["response"] = answer.response;
  if (answer.has_reasoning) json["reasoning"] = answer.reasoning;
  add_summary(json, answer, request, model);
  return dump(json);
}

std::string chat_summary(const ChatAnswer& answer, const ChatRequest& request,
                         std::string_view model) {
  OrderedJson json;
  add_summary(json, answer, request, model);
  return dump(json);
}

OrderedJson usage_json(const Usage& usage) {
  OrderedJson json;
  json["prompt_tokens"] = usage.prompt_tokens;
  json["completion_tokens"] = usage.completion_tokens;
  json["total_tokens"] = usage.prompt_tokens + usage.completion_tokens;
  json["cached_tokens"] = usage.cached_tokens;
  return json;
}

std::string health_body(std::string_view status, std::string_view model) {
  OrderedJson json;
  json["status"] = status;
  json["model"] = model;
  return dump(json);
}

std::string text_chunk_body(std::string_view text) {
  OrderedJson json;
  json["text"] = text;
  return dump(json);
}

int http_status(const Status& status) {
  // Reasons that HTTP has a status of its own for.
  if (status.reason() == "session_busy" || status.reason() == "session_exists") return 409;
  if (status.reason() == "session_damaged") return 500;
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
