// A conversation that wants an answer, whatever API it came by; and how it is started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/conversation.h"
#include "server/generation_run.h"
#include "server/serving_state.h"
#include "server/start_choices.h"
#include "server/tools.h"
#include "youtu/generation.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

struct ChatTask {
  std::vector<ChatMessage> messages;
  GenerationRequest generation;  // all but the prompt
  bool has_max_tokens = false;   // else the answer may fill the context
  LengthNames length_names;
  int64_t num_choices = 1;
  bool enable_thinking = false;
  std::string last_words;  // of a thought that its budget closes
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  bool may_call_several = true;
  bool drops_oldest_turns = false;  // where the context has no room for all; else it is refused
};

struct StartedChat {
  GenerationRun run;
  SamplingParams sampling;  // in force: with the seed and the length that were chosen
  int64_t prompt_tokens = 0;
  std::optional<HistoryReport> history;  // where turns might be dropped
};

// Without the turns that the task drops. Fails as the tokenizer does. REQUIRES: the task has
// messages.
Result<Prompt> make_task_prompt(const Engine& engine, const ChatTask& task);

// REQUIRES: state.readiness() was ok.
Result<StartedChat> start_chat(const ServingState& state, const RequestSettings& settings,
                               ChatTask task);

}  // namespace youtu
