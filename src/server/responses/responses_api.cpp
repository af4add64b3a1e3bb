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
#include "server/wire.h"

namespace youtu::responses {

namespace {

constexpr std::string_view kPrefix = "resp_";

// Of the session's next turn.
std::string make_response_id(const Session& session) {
  return std::string(kPrefix) + session.id + "_" + std::to_string(session.next_turn);
}

Status not_found() {
  return {StatusCode::kNotFound, "there is no such response", {}, "response_not_found"};
}

// An error of the store in the words of this API.
Status as_response_error(const Status& status) {
  const bool is_unknown =
      status.reason() == "session_not_found" || status.reason() == "out_of_range";
  return is_unknown ? not_found() : status;
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

ChatTask make_task(const ResponseRequest& response, const std::vector<Turn>& history,
                   const http::Request& request) {
  ChatTask task;
  if (!response.instructions.empty()) {
    task.messages.push_back({.role = "system", .content = response.instructions});
  }
  for (const Turn& old : history) {
    task.messages.insert(task.messages.end(), old.messages.begin(), old.messages.end());
    task.messages.push_back(
        {.role = "assistant", .content = old.answer.text, .tool_calls = old.answer.tool_calls});
  }
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
  task.drops_oldest_turns = response.drops_oldest_turns;
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

Status ResponsesApi::begin_in_new(const Result<Session>& session, const std::string& owner,
                                  const std::vector<ChatMessage>& messages, Place& place) const {
  RETURN_IF_ERROR(session);
  const SessionKey key = {owner, session->id};
  place.session = std::make_unique<ProvisionalSession>(*sessions_.store, key, sessions_.post);
  Result<std::shared_ptr<OpenTurn>> turn = sessions_.store->begin_turn(key, messages);
  RETURN_IF_ERROR(turn);
  place.turn = *std::move(turn);
  return Status::ok();
}

// In the session of the response that is continued where that is the last one there, else in a
// branch of it: each can be continued any number of times, also at once.
Status ResponsesApi::begin_behind(const ResponseId& previous, const std::string& owner,
                                  const std::vector<ChatMessage>& messages, Place& place) const {
  const SessionKey key = {owner, previous.session};
  Result<std::shared_ptr<OpenTurn>> turn = sessions_.store->begin_turn(key, messages);
  if (!turn && turn.status().reason() != "session_busy") return turn.status();
  if (turn && (*turn)->session().next_turn == previous.turn + 1) {
    place.turn = *std::move(turn);
  } else {
    turn = std::shared_ptr<OpenTurn>();  // leaves the session to others
    RETURN_IF_ERROR(
        begin_in_new(sessions_.store->branch(key, previous.turn), owner, messages, place));
  }
  place.history = place.turn->history();
  return Status::ok();
}

Status ResponsesApi::read_history(const ResponseId& previous, const std::string& owner,
                                  Place& place) const {
  Result<Transcript> transcript = sessions_.store->read({owner, previous.session});
  RETURN_IF_ERROR(transcript);
  const Turn* last = find_turn(*transcript, previous.turn);
  if (!last) return not_found();
  transcript->turns.resize(static_cast<size_t>(last - transcript->turns.data()) + 1);
  place.history = std::move(transcript->turns);
  return Status::ok();
}

Result<ResponsesApi::Place> ResponsesApi::find_place(const ResponseRequest& response,
                                                     const std::string& owner) const {
  Place place;
  const bool store = response.store && sessions_.store;
  if (response.previous_response_id.empty()) {
    if (!store) return place;
    RETURN_IF_ERROR(
        begin_in_new(sessions_.store->create(owner, {}), owner, response.messages, place));
    return place;
  }
  const std::optional<ResponseId> previous = parse_response_id(response.previous_response_id);
  if (!previous || !sessions_.store) return not_found();
  const Status status = store ? begin_behind(*previous, owner, response.messages, place)
                              : read_history(*previous, owner, place);
  if (!status) return as_response_error(status);
  return place;
}

Result<ResponseJob> ResponsesApi::begin(const http::Request& request, bool& stream) const {
  RETURN_IF_ERROR(state_.check_room());
  const auto settings = state_.settings_of(request);
  const Result<ResponseRequest> response =
      parse_response_request(request.body, settings->openai_preset);
  RETURN_IF_ERROR(response);
  if (!state_.knows_model(response->model, *settings))
    return openai::unknown_model(response->model);
  Result<Place> place = find_place(*response, request.client);
  RETURN_IF_ERROR(place);
  Result<StartedChat> started =
      start_chat(state_, *settings, make_task(*response, place->history, request));
  RETURN_IF_ERROR(started);
  ResponseHead head;
  head.created = std::time(nullptr);
  head.model = response->model;
  head.echo = response->echo;
  head.temperature = started->sampling.temperature;
  head.top_p = started->sampling.top_p;
  head.store = place->turn != nullptr;
  head.id = head.store ? make_response_id(place->turn->session()) : make_object_id(kPrefix);
  ResponseJob job = {
      std::move(started->run), std::move(head), std::move(place->session), std::nullopt, {}};
  if (!response->ignored_fields.empty()) {
    job.fields.push_back({"X-Ignored-Params", ignored_fields_header(response->ignored_fields)});
  }
  if (started->history) job.fields.push_back({"X-History", history_header(*started->history)});
  if (place->turn) job.commit.emplace(std::move(place->turn), sessions_.post);
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
  response.fields = job->fields;
  response.fields.push_back({"Cache-Control", "no-cache"});
  response.fields.push_back({"X-Accel-Buffering", "no"});
  response.stream = make_response_stream(*std::move(job));
  return response;
}

http::Response ResponsesApi::read(const http::Request& request) const {
  const std::optional<ResponseId> id = parse_response_id(request.last_segment());
  if (!id || !sessions_.store) return openai::error_response(not_found());
  const Result<Transcript> transcript = sessions_.store->read({request.client, id->session});
  if (!transcript) return openai::error_response(as_response_error(transcript.status()));
  const Turn* turn = find_turn(*transcript, id->turn);
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
  if (!status) return openai::error_response(as_response_error(status));
  OrderedJson json;
  json["id"] = request.last_segment();
  json["object"] = "response";
  json["deleted"] = true;
  http::Response response;
  response.body = dump_json(json);
  return response;
}

}  // namespace youtu::responses
