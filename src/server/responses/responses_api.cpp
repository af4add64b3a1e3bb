#include "server/responses/responses_api.h"

#include <charconv>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/sse.h"
#include "server/chat_task.h"
#include "server/json_content.h"
#include "server/object_id.h"
#include "server/openai/error_response.h"
#include "server/request_client.h"

namespace youtu::responses {

namespace {

constexpr std::string_view kPrefix = "resp_";

// Where a stored response lies.
struct ResponseId {
  std::string session;
  int64_t turn = 0;
};

std::string make_response_id(const std::string& session, int64_t turn) {
  return std::string(kPrefix) + session + "_" + std::to_string(turn);
}

Status not_found() {
  return {StatusCode::kNotFound, "there is no such response", {}, "response_not_found"};
}

std::optional<ResponseId> parse_response_id(std::string_view id) {
  if (!id.starts_with(kPrefix)) return std::nullopt;
  id.remove_prefix(kPrefix.size());
  const size_t mark = id.rfind('_');
  if (mark == std::string_view::npos || !is_session_id(id.substr(0, mark))) return std::nullopt;
  ResponseId parsed = {std::string(id.substr(0, mark)), 0};
  const char* end = id.data() + id.size();
  const auto [rest, error] = std::from_chars(id.data() + mark + 1, end, parsed.turn);
  if (error != std::errc() || rest != end || parsed.turn < 1) return std::nullopt;
  return parsed;
}

// What was said before, as far as it was stored.
std::vector<ChatMessage> messages_before(const OpenTurn* turn) {
  std::vector<ChatMessage> messages;
  if (!turn) return messages;
  for (const Turn& old : turn->history()) {
    messages.insert(messages.end(), old.messages.begin(), old.messages.end());
    messages.push_back(
        {.role = "assistant", .content = old.answer.text, .tool_calls = old.answer.tool_calls});
  }
  return messages;
}

ChatTask make_task(const ResponseRequest& response, const OpenTurn* turn,
                   const http::Request& request) {
  ChatTask task;
  if (!response.instructions.empty()) {
    task.messages.push_back({.role = "system", .content = response.instructions});
  }
  const std::vector<ChatMessage> before = messages_before(turn);
  task.messages.insert(task.messages.end(), before.begin(), before.end());
  task.messages.insert(task.messages.end(), response.messages.begin(), response.messages.end());
  task.generation.sampling = response.sampling;
  set_client(request, task.generation);
  task.has_max_tokens = response.has_max_tokens;
  task.length_names = {"input", "max_output_tokens"};
  task.enable_thinking = response.enable_thinking;
  task.last_words = response.last_words;
  task.tools = response.tools;
  task.tool_choice = response.tool_choice;
  task.may_call_several = response.parallel_tool_calls;
  task.generation.output_format = response.output_format;
  return task;
}

const Turn* find_turn(const Transcript& transcript, int64_t number) {
  for (const Turn& turn : transcript.turns) {
    if (turn.number == number) return &turn;
  }
  return nullptr;
}

}  // namespace

void ResponsesApi::add_routes(http::Router& router) {
  router.add(
      "POST", "/v1/responses", [this](const http::Request& request) { return create(request); },
      state_.refusal_without_room(openai::error_response));
  router.add("GET", "/v1/responses/{id}",
             [this](const http::Request& request) { return read(request); });
  router.add("DELETE", "/v1/responses/{id}",
             [this](const http::Request& request) { return remove(request); });
}

// Of a new session, or of the one whose last response is to be continued. Nothing where nothing is
// to be stored.
Result<std::shared_ptr<OpenTurn>> ResponsesApi::open_turn(const ResponseRequest& response,
                                                          const std::string& owner) const {
  if (response.previous_response_id.empty()) {
    if (!response.store || !sessions_.store) return std::shared_ptr<OpenTurn>();
    const Result<Session> session = sessions_.store->create(owner, {});
    RETURN_IF_ERROR(session);
    return sessions_.store->begin_turn({owner, session->id}, response.messages);
  }
  const std::optional<ResponseId> previous = parse_response_id(response.previous_response_id);
  if (!previous || !sessions_.store) return not_found();
  Result<std::shared_ptr<OpenTurn>> turn =
      sessions_.store->begin_turn({owner, previous->session}, response.messages);
  if (!turn && turn.status().reason() == "session_not_found") return not_found();
  RETURN_IF_ERROR(turn);
  if (previous->turn + 1 == (*turn)->session().next_turn) return turn;
  return Status::invalid_argument("only the last response of a conversation can be continued",
                                  "previous_response_id", "invalid_value");
}

Result<ResponseJob> ResponsesApi::begin(const http::Request& request, bool& stream) const {
  RETURN_IF_ERROR(state_.check_room());
  const Result<ResponseRequest> response = parse_response_request(request.body, preset_);
  RETURN_IF_ERROR(response);
  if (!state_.knows_model(response->model)) return openai::unknown_model(response->model);
  Result<std::shared_ptr<OpenTurn>> turn = open_turn(*response, request.client);
  RETURN_IF_ERROR(turn);
  Result<StartedChat> started = start_chat(state_, make_task(*response, turn->get(), request));
  RETURN_IF_ERROR(started);
  ResponseHead head;
  head.created = std::time(nullptr);
  head.model = response->model;
  head.echo = response->echo;
  head.temperature = started->sampling.temperature;
  head.top_p = started->sampling.top_p;
  head.store = *turn && response->store;
  head.id = head.store ? make_response_id((*turn)->session().id, (*turn)->session().next_turn)
                       : make_object_id(kPrefix);
  ResponseJob job = {std::move(started->run), std::move(head), std::nullopt};
  // A turn that is not to be stored leaves its session as it was.
  if (job.head.store) job.commit.emplace(*std::move(turn), sessions_.post);
  stream = response->stream;
  return job;
}

http::Reply ResponsesApi::create(const http::Request& request) const {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  bool stream = false;
  Result<ResponseJob> job = begin(request, stream);
  if (!job) return openai::error_response(job.status());
  if (!stream) return make_response(*std::move(job));
  http::Response response;
  response.content_type = http::kSseContentType;
  response.fields.push_back({"Cache-Control", "no-cache"});
  response.fields.push_back({"X-Accel-Buffering", "no"});
  response.stream = make_response_stream(*std::move(job));
  return response;
}

http::Response ResponsesApi::read(const http::Request& request) const {
  const std::optional<ResponseId> id = parse_response_id(request.last_segment());
  if (!id || !sessions_.store) return openai::error_response(not_found());
  const Result<Transcript> transcript = sessions_.store->read({request.client, id->session});
  if (!transcript && transcript.status().reason() != "session_not_found") {
    return openai::error_response(transcript.status());
  }
  const Turn* turn = transcript ? find_turn(*transcript, id->turn) : nullptr;
  if (!turn) return openai::error_response(not_found());
  ResponseHead head;
  head.id = std::string(request.last_segment());
  head.created = static_cast<std::time_t>(turn->created_ms / 1000);
  head.model = state_.model_name();
  head.store = true;
  const bool is_cut = turn->answer.finish_reason == "length";
  OrderedJson json = response_json(head, is_cut ? "incomplete" : "completed",
                                   stored_items(turn->answer.text, turn->answer.tool_calls));
  json["usage"] = response_usage(turn->answer.usage);
  http::Response response;
  response.body = dump_json(json);
  return response;
}

// A conversation is kept whole or not at all, so all its responses go.
http::Response ResponsesApi::remove(const http::Request& request) const {
  const std::optional<ResponseId> id = parse_response_id(request.last_segment());
  if (!id || !sessions_.store) return openai::error_response(not_found());
  const Status status = sessions_.store->remove({request.client, id->session});
  if (!status) {
    const bool is_unknown = status.reason() == "session_not_found";
    return openai::error_response(is_unknown ? not_found() : status);
  }
  OrderedJson json;
  json["id"] = request.last_segment();
  json["object"] = "response";
  json["deleted"] = true;
  http::Response response;
  response.body = dump_json(json);
  return response;
}

}  // namespace youtu::responses
