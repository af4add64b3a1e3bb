#include "server/sessions_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "server/json_content.h"
#include "server/json_fields.h"
#include "server/session_fields.h"
#include "server/wire.h"

namespace youtu {

namespace {

constexpr int64_t kDefaultPage = 20;
constexpr int64_t kMaxPage = 100;
constexpr size_t kMaxTitleBytes = 1024;

std::vector<std::string_view> new_session_field_names() {
  const std::span<const std::string_view> common = session_field_names();
  std::vector<std::string_view> names(common.begin(), common.end());
  std::erase(names, "from_turn");  // a new session has no turns
  names.insert(names.end(), {"title", "system"});
  return names;
}

struct SessionRequest {
  NewSession session;
  std::vector<std::string> ignored_fields;
};

Result<SessionRequest> parse_session(std::string_view text) {
  const Result<Json> body = parse_object(text);
  RETURN_IF_ERROR(body);
  SessionFields fields;
  RETURN_IF_ERROR(read_session_fields(*body, fields));
  Result<std::optional<std::string>> title = read_text(*body, "title");
  RETURN_IF_ERROR(title);
  Result<std::optional<std::string>> system = read_text(*body, "system");
  RETURN_IF_ERROR(system);
  SessionRequest request;
  request.session.id = fields.id.value_or("");
  request.session.title = title->value_or("");
  request.session.system = system->value_or("");
  request.session.history = fields.over({});
  if (request.session.title.size() > kMaxTitleBytes) {
    return Status::invalid_argument(
        "title is longer than " + std::to_string(kMaxTitleBytes) + " bytes", "title",
        "out_of_range");
  }
  request.ignored_fields = unknown_fields(*body, new_session_field_names());
  return request;
}

struct Page {
  std::string after;
  int64_t limit = kDefaultPage;
};

Status bad_query(const std::string& name, const std::string& expected) {
  return Status::invalid_argument(name + " must be " + expected, name, "bad_query");
}

// "after=<session_id>&limit=<number>", either or none.
Result<Page> parse_page(std::string_view query) {
  Page page;
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
    const size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(std::min(equals + 1, item.size()));
    if (name == "after") {
      if (!is_session_id(value)) return bad_query("after", "a session_id");
      page.after = value;
    } else if (name == "limit") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), page.limit);
      const bool is_number = error == std::errc() && end == value.data() + value.size();
      if (!is_number || page.limit < 1 || page.limit > kMaxPage) {
        return bad_query("limit", "1 to " + std::to_string(kMaxPage));
      }
    } else {
      return Status::invalid_argument("the query knows after and limit only", {}, "bad_query");
    }
  }
  return page;
}

int64_t seconds(int64_t ms) {
  return ms / 1000;
}

OrderedJson session_json(const Session& session) {
  OrderedJson json;
  json["session_id"] = session.id;
  json["title"] = session.title;
  json["system"] = session.system;
  json["history_policy"] = to_string(session.history.policy);
  json["max_history_turns"] = session.history.max_turns;
  json["history_window_tokens"] = session.history.window_tokens;
  json["created_at"] = seconds(session.created_ms);
  json["used_at"] = seconds(session.used_ms);
  json["num_turns"] = session.num_turns;
  json["num_bytes"] = session.num_bytes;
  return json;
}

OrderedJson turn_json(const Turn& turn) {
  OrderedJson json;
  json["turn"] = turn.number;
  OrderedJson messages = OrderedJson::array();
  for (const ChatMessage& message : turn.messages) {
    OrderedJson one;
    one["role"] = message.role;
    one["content"] = message.content;
    messages.push_back(std::move(one));
  }
  json["messages"] = std::move(messages);
  json["response"] = turn.answer.text;
  json["finish_reason"] = turn.answer.finish_reason;
  json["usage"] = usage_json(turn.answer.usage);
  json["created_at"] = seconds(turn.created_ms);
  return json;
}

http::Response json_response(int status, const OrderedJson& json) {
  http::Response response;
  response.status = status;
  response.body = json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  return response;
}

}  // namespace

void SessionsApi::add_routes(http::Router& router) {
  router.add("POST", "/sessions", [this](const http::Request& request) { return create(request); });
  router.add("GET", "/sessions", [this](const http::Request& request) { return list(request); });
  router.add("GET", "/sessions/{id}",
             [this](const http::Request& request) { return read(request); });
  router.add("DELETE", "/sessions/{id}",
             [this](const http::Request& request) { return remove(request); });
}

http::Response SessionsApi::create(const http::Request& request) {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  const Result<SessionRequest> wanted = parse_session(request.body);
  if (!wanted) return status_response(wanted.status());
  const Result<Session> session = store_.create(request.client, wanted->session);
  if (!session) return status_response(session.status());
  http::Response response = json_response(201, session_json(*session));
  response.fields.push_back({"Location", "/sessions/" + session->id});
  if (!wanted->ignored_fields.empty()) {
    response.fields.push_back({"X-Ignored-Params", ignored_fields_header(wanted->ignored_fields)});
  }
  return response;
}

http::Response SessionsApi::list(const http::Request& request) {
  const Result<Page> page = parse_page(request.query);
  if (!page) return status_response(page.status());
  const Result<SessionPage> found = store_.list(request.client, page->after, page->limit);
  if (!found) return status_response(found.status());
  OrderedJson sessions = OrderedJson::array();
  for (const Session& session : found->sessions) sessions.push_back(session_json(session));
  OrderedJson json;
  json["sessions"] = std::move(sessions);
  json["has_more"] = found->has_more;
  return json_response(200, json);
}

http::Response SessionsApi::read(const http::Request& request) {
  const std::string_view id = request.last_segment();
  if (const Status status = check_session_id(id); !status) return status_response(status);
  const Result<Transcript> transcript = store_.read({request.client, std::string(id)});
  if (!transcript) return status_response(transcript.status());
  OrderedJson json = session_json(transcript->session);
  OrderedJson turns = OrderedJson::array();
  for (const Turn& turn : transcript->turns) turns.push_back(turn_json(turn));
  json["turns"] = std::move(turns);
  return json_response(200, json);
}

http::Response SessionsApi::remove(const http::Request& request) {
  const std::string_view id = request.last_segment();
  if (const Status status = check_session_id(id); !status) return status_response(status);
  if (const Status status = store_.remove({request.client, std::string(id)}); !status) {
    return status_response(status);
  }
  OrderedJson json;
  json["session_id"] = id;
  json["deleted"] = true;
  return json_response(200, json);
}

}  // namespace youtu
