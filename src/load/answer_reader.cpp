#include "load/answer_reader.h"

#include "base/check.h"
#include "base/json.h"

namespace youtu::load {

namespace {

constexpr size_t kMaxErrorText = 100;

Status wrong_form() {
  return Status::invalid_argument("an event is not of the interface's form (is --api right?)", {},
                                  "bad_event");
}

std::string short_text(std::string_view text) {
  std::string line(text.substr(0, kMaxErrorText));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

// {"error":{"code":…,"message":…}}; OpenAI's code may be null or a number.
std::optional<std::string> error_of(const Json& json) {
  if (!json.is_object() || !json.contains("error")) return std::nullopt;
  const Json& error = json["error"];
  if (error.is_string()) return short_text(error.get_ref<const std::string&>());
  if (!error.is_object()) return "error";
  for (const char* key : {"code", "type", "message"}) {
    if (!error.contains(key)) continue;
    if (error[key].is_string()) return short_text(error[key].get_ref<const std::string&>());
    if (error[key].is_number_integer() && !error.contains("message")) return error[key].dump();
  }
  return "error";
}

int64_t count_of(const Json& usage, const char* key) {
  if (!usage.contains(key) || !usage[key].is_number_integer()) return 0;
  return usage[key].get<int64_t>();
}

std::optional<Usage> usage_of(const Json& json) {
  if (!json.contains("usage") || !json["usage"].is_object()) return std::nullopt;
  const Json& counts = json["usage"];
  Usage usage;
  usage.prompt_tokens = count_of(counts, "prompt_tokens");
  usage.completion_tokens = count_of(counts, "completion_tokens");
  usage.cached_tokens = count_of(counts, "cached_tokens");
  if (counts.contains("prompt_tokens_details") && counts["prompt_tokens_details"].is_object()) {
    usage.cached_tokens = count_of(counts["prompt_tokens_details"], "cached_tokens");
  }
  return usage;
}

void add_text(const Json& object, const char* key, std::string& text) {
  if (object.contains(key) && object[key].is_string()) {
    text += object[key].get_ref<const std::string&>();
  }
}

Result<AnswerPart> read_native(const SseEvent& event) {
  AnswerPart part;
  const bool is_text = event.name.empty() || event.name == "reasoning";
  if (!is_text && event.name != "done" && event.name != "error") return part;
  const Result<Json> json = parse_json(event.data);
  if (!json || !json->is_object()) return wrong_form();
  if (is_text) {
    if (!json->contains("text")) return wrong_form();
    add_text(*json, "text", part.text);
    return part;
  }
  part.is_end = part.is_finished = true;
  part.usage = usage_of(*json);
  if (event.name == "error") part.error = error_of(*json).value_or("error");
  return part;
}

Result<AnswerPart> read_openai(const SseEvent& event) {
  AnswerPart part;
  if (event.data == "[DONE]") {
    part.is_end = true;
    return part;
  }
  const Result<Json> json = parse_json(event.data);
  if (!json || !json->is_object()) return wrong_form();
  part.error = error_of(*json);
  part.usage = usage_of(*json);
  part.is_end = part.is_finished = part.error.has_value();
  if (!json->contains("choices") || !(*json)["choices"].is_array()) {
    return part.error || part.usage ? Result<AnswerPart>(std::move(part)) : wrong_form();
  }
  for (const Json& choice : (*json)["choices"]) {
    if (!choice.is_object()) return wrong_form();
    add_text(choice, "text", part.text);
    if (choice.contains("delta") && choice["delta"].is_object()) {
      add_text(choice["delta"], "reasoning_content", part.text);
      add_text(choice["delta"], "content", part.text);
    }
    if (choice.contains("finish_reason") && choice["finish_reason"].is_string()) {
      part.is_finished = true;
    }
  }
  return part;
}

}  // namespace

Result<AnswerPart> read_answer_event(LoadApi api, const SseEvent& event) {
  return api == LoadApi::kNative ? read_native(event) : read_openai(event);
}

std::string error_code_of(std::string_view body) {
  const Result<Json> json = parse_json(body);
  const std::optional<std::string> code = json ? error_of(*json) : std::nullopt;
  return code ? *code : short_text(body);
}

}  // namespace youtu::load
