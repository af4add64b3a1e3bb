// The answer of POST /v1/responses: one object, or a stream of events whose last has the object.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "http/message.h"
#include "server/generation_run.h"
#include "server/responses/provisional_session.h"
#include "server/responses/response_object.h"
#include "server/turn_commit.h"

namespace youtu::responses {

struct ResponseJob {
  GenerationRun run;  // of one choice
  ResponseHead head;
  std::unique_ptr<ProvisionalSession> session;  // where it was made for this answer
  std::optional<TurnCommit> commit;             // where it is to be stored; ends first
  std::vector<http::Field> fields;              // of the answer's head
};

// It is stored before it is sent.
std::unique_ptr<http::PendingResponse> make_response(ResponseJob job);

// Each event has its name twice, as `event:` and as its type, and a rising sequence_number. It is
// stored before the last one, response.completed or response.incomplete, is sent.
std::unique_ptr<http::BodyStream> make_response_stream(ResponseJob job);

}  // namespace youtu::responses
