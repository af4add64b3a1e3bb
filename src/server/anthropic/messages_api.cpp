#include "server/anthropic/messages_api.h"

#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "http/sse.h"
#include "server/anthropic/message_request.h"
#include "server/chat_task.h"
#include "server/json_content.h"
#include "server/object_id.h"
#include "server/openai/error_response.h"
#include "server/request_client.h"
#include "server/wire.h"

namespace youtu::anthropic {

namespace {

ChatTask make_task(const MessageRequest& message, const http::Request& request) {
  ChatTask task;
  task.messages = message.messages;
  task.generation.sampling = message.sampling;
  set_client(request, task.generation);
  task.has_max_tokens = true;
  task.enable_thinking = message.enable_thinking;
  task.tools = message.tools;
  task.tool_choice = message.tool_choice;
  task.may_call_several = message.may_call_several;
  return task;
}

struct BegunMessage {
  MessageJob job;
  bool stream = false;
};

Result<BegunMessage> begin(const ServingState& state, const http::Request& request) {
  RETURN_IF_ERROR(state.check_room());
  const auto settings = state.settings_of(request);
  const Result<MessageRequest> message =
      parse_message_request(request.body, settings->openai_preset, /*needs_length=*/true);
  RETURN_IF_ERROR(message);
  if (!state.knows_model(message->model, *settings)) return openai::unknown_model(message->model);
  Result<StartedChat> started = start_chat(state, *settings, make_task(*message, request));
  RETURN_IF_ERROR(started);
  MessageJob job = {
      std::move(started->run), make_object_id("msg_"), message->model, started->prompt_tokens, {}};
  if (!message->ignored_fields.empty()) {
    job.fields.push_back({"X-Ignored-Params", ignored_fields_header(message->ignored_fields)});
  }
  return BegunMessage{std::move(job), message->stream};
}

}  // namespace

void MessagesApi::add_routes(http::Router& router) {
  router.add(
      "POST", "/v1/messages", [this](const http::Request& request) { return messages(request); },
      state_.refusal_without_room(error_response));
  router.add("POST", "/v1/messages/count_tokens",
             [this](const http::Request& request) { return count_tokens(request); });
}

http::Reply MessagesApi::messages(const http::Request& request) const {
  if (const Status status = check_content(request); !status) return error_response(status);
  Result<BegunMessage> begun = begin(state_, request);
  if (!begun) return error_response(begun.status());
  if (!begun->stream) return make_message(std::move(begun->job));
  http::Response response;
  response.content_type = http::kSseContentType;
  response.fields = std::move(begun->job.fields);
  response.fields.push_back({"Cache-Control", "no-cache"});
  response.fields.push_back({"X-Accel-Buffering", "no"});
  response.stream = make_message_stream(std::move(begun->job));
  return response;
}

http::Response MessagesApi::count_tokens(const http::Request& request) const {
  if (const Status status = check_content(request); !status) return error_response(status);
  if (const Status status = state_.readiness(); !status) return error_response(status);
  const auto settings = state_.settings_of(request);
  const Result<MessageRequest> message =
      parse_message_request(request.body, settings->openai_preset, /*needs_length=*/false);
  if (!message) return error_response(message.status());
  if (!state_.knows_model(message->model, *settings)) {
    return error_response(openai::unknown_model(message->model));
  }
  const Result<Prompt> prompt =
      make_task_prompt(state_.ready_engine(), make_task(*message, request));
  if (!prompt) return error_response(prompt.status());
  OrderedJson json;
  json["input_tokens"] = prompt->tokens.size();
  http::Response response;
  response.body = dump_json(json);
  return response;
}

}  // namespace youtu::anthropic
