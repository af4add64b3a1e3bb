// A request to the engine on its way to an answer: the events of its handle, made into either one
// JSON body or a stream of server-sent events. Destroying it cancels the request.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "server/conversation.h"
#include "server/reasoning_splitter.h"
#include "server/turn_commit.h"
#include "server/wire.h"
#include "youtu/generation.h"

namespace youtu {

struct ChatJob {
  GenerationHandle handle;
  ChatRequest request;
  bool starts_in_reasoning = false;
  const Tokenizer* tokenizer = nullptr;  // the engine's
  double prepare_seconds = 0;            // until the engine had the request
  std::string model_name;
  std::optional<TurnCommit> commit;               // of a session's turn
  std::optional<HistoryReport> history;           // where there was one to choose from
  std::chrono::steady_clock::time_point give_up;  // R3: every request ends
  const std::atomic<bool>* is_cut_off = nullptr;  // set: the server waits no longer; may be null
};

// What both answers say in their heads: the fields that were ignored, and what of the history was
// left out.
std::vector<http::Field> chat_fields(const ChatJob& job);

// POST /chat. The turn of a session is stored before the answer is sent.
std::unique_ptr<http::PendingResponse> make_plain_answer(ChatJob job);

// POST /chat_stream. The text comes in unnamed events, so that a reader that shows every message
// shows the answer and nothing else; what the model thought, if it was asked to, in events named
// "reasoning", and what the sampler made of each token, likewise, in events named
// "explained_tokens". At the end one event "done", which is empty in a text stream (a reader that
// prints every data line prints nothing) with the summary in a comment before it, and has the
// summary as its data in a JSON stream; by then the turn of a session is stored. A failure after
// the beginning is an event "error" with the error's body, and the last one.
std::unique_ptr<http::BodyStream> make_streamed_answer(ChatJob job);

}  // namespace youtu
