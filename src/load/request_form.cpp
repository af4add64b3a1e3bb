#include "load/request_form.h"

#include "base/json.h"

namespace youtu::load {

namespace {

Json messages_json(const std::vector<ChatMessage>& messages) {
  Json list = Json::array();
  for (const ChatMessage& message : messages) {
    list.push_back({{"role", message.role}, {"content", message.content}});
  }
  return list;
}

std::string joined(const std::vector<ChatMessage>& messages) {
  std::string text;
  for (const ChatMessage& message : messages) {
    if (!text.empty()) text.push_back('\n');
    text += message.content;
  }
  return text;
}

std::string_view path_of(LoadApi api) {
  switch (api) {
    case LoadApi::kNative:
      return "/chat_stream";
    case LoadApi::kOpenAi:
      return "/v1/completions";
    case LoadApi::kOpenAiChat:
      break;
  }
  return "/v1/chat/completions";
}

Json sampling_json(const LoadSampling& sampling) {
  Json body;
  body["temperature"] = sampling.temperature;
  body["top_p"] = 1.0;
  body["top_k"] = 0;
  body["seed"] = sampling.seed;
  body["ignore_eos"] = sampling.ignore_eos;
  return body;
}

}  // namespace

std::string request_bytes(const LoadTarget& target, const LoadSampling& sampling,
                          const std::vector<ChatMessage>& messages, int32_t max_tokens) {
  Json body = sampling_json(sampling);
  if (target.api == LoadApi::kNative) {
    body["stream_format"] = "json";
    body["max_new_tokens"] = max_tokens;
    body["min_p"] = 0.0;
    body["repetition_penalty"] = 1.0;
    body["presence_penalty"] = 0.0;
    body["frequency_penalty"] = 0.0;
    body["no_repeat_ngram_size"] = 0;
  } else {
    body["model"] = target.model;
    body["stream"] = true;
    body["stream_options"]["include_usage"] = true;
    body["max_tokens"] = max_tokens;
  }
  if (target.api == LoadApi::kOpenAi) {
    body["prompt"] = joined(messages);
  } else {
    body["messages"] = messages_json(messages);
  }
  const std::string text = dump_json(body);
  std::string bytes =
      "POST " + target.url.path + std::string(path_of(target.api)) + " HTTP/1.1\r\n";
  bytes += "Host: " + target.url.host_field + "\r\n";
  bytes += "Content-Type: application/json\r\nAccept: text/event-stream\r\n";
  bytes += "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  return bytes;
}

}  // namespace youtu::load
