// What an event of a streamed answer says, in any of the interfaces.
#pragma once

#include <optional>
#include <string>

#include "load/load_options.h"
#include "load/sse_reader.h"
#include "youtu/types.h"

namespace youtu::load {

struct AnswerPart {
  std::string text;                  // thoughts included: they are tokens like others
  bool is_finished = false;          // the answer is complete; counts may still follow
  bool is_end = false;               // nothing follows
  std::optional<Usage> usage = {};   // as the server counts
  std::optional<std::string> error;  // the error's code, or its message where it has none
};

// Nothing from events that are not of the answer. Errors: data that is not of the interface's form.
Result<AnswerPart> read_answer_event(LoadApi api, const SseEvent& event);

// The code of an error body, or its message, or its beginning where it is no error of this form.
std::string error_code_of(std::string_view body);

}  // namespace youtu::load
