// The door between JSON and the public types: behind it there are only typed, validated values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/session_store.h"
#include "http/message.h"
#include "server/conversation.h"
#include "server/parameter_linter.h"
#include "server/scheduling_fields.h"
#include "server/session_fields.h"
#include "youtu/output_format.h"
#include "youtu/sampling_params.h"
#include "youtu/stats.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

// What stands for the fields that a request does not have.
struct ChatDefaults {
  std::string preset{kDefaultPreset};
  std::string preset_source = "default";  // or "config"
  bool clean_input = false;
  bool is_strict = false;  // parameters that are unknown or without effect are refused
};

// How /chat_stream sends text: as it is, or as {"text":…}, which keeps even carriage returns.
enum class StreamFormat { kText, kJson };

// The body of /chat and /chat_stream.
struct ChatRequest {
  std::vector<ChatMessage> messages;  // never empty; a prompt is one message of the user
  SamplingParams sampling;            // the preset, then the single fields, validated
  std::string preset;
  // Off unless asked for: thinking takes more tokens than the guide's presets grant, and its user
  // waits for an answer.
  bool enable_thinking = false;
  std::string last_words;  // of a thought that its budget closes
  StreamFormat stream_format = StreamFormat::kText;
  SchedulingFields scheduling;
  std::optional<OutputFormat> output_format;
  bool wants_timings = false;
  std::string sources;    // JSON: where each parameter's value came from; empty if not asked for
  SessionFields session;  // with an id, `messages` are the new turn's and nothing else
  std::vector<ParameterWarning> warnings;
};

// The error's param names the field as the client spelled it: "max_tokens", "messages[2].content".
Result<ChatRequest> parse_chat_request(std::string_view body, const ChatDefaults& defaults);

// All names of fields that such a body may have.
std::vector<std::string_view> chat_field_names();

// The names of unknown fields for X-Ignored-Params: harmless characters, at most 16 names.
std::string ignored_fields_header(const std::vector<std::string>& names);
// Likewise, of those among the warnings. Empty if there are none.
std::string ignored_fields_header(std::span<const ParameterWarning> warnings);

// "policy=drop_oldest_turns; turns_kept=3; turns_dropped=3".
std::string history_header(const HistoryReport& history);

struct ChatAnswer {
  std::string response;
  std::string reasoning;
  bool has_reasoning = false;
  FinishReason finish_reason = FinishReason::kNone;
  Usage usage;
  RequestTimings timings;
  double prepare_seconds = 0;  // before the engine had the request: JSON, template, tokens
  std::optional<Repetition> repetition;
  std::string session_id;
  std::optional<CommittedTurn> turn;     // of a session
  std::optional<HistoryReport> history;  // where there was one to choose from
  OrderedJson explained_tokens = OrderedJson::array();
};

// The body of /chat: "response" first, as the guide's client reads it, then what else there is to
// know.
std::string chat_answer_body(const ChatAnswer& answer, const ChatRequest& request,
                             std::string_view model);
// The last event of a JSON stream: the same without the text.
std::string chat_summary(const ChatAnswer& answer, const ChatRequest& request,
                         std::string_view model);

OrderedJson usage_json(const Usage& usage);

// {"status":…,"model":…}.
std::string health_body(std::string_view status, std::string_view model);
// {"text":…} on one line.
std::string text_chunk_body(std::string_view text);

// How a Status is said in HTTP. A refusal that waiting may cure carries Retry-After.
int http_status(const Status& status);
// The status's reason, or a word for its kind.
std::string_view error_code(const Status& status);
http::Response status_response(const Status& status);
std::string status_body(const Status& status);

}  // namespace youtu
