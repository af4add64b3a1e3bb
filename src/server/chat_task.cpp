#include "server/chat_task.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "server/fresh_seed.h"
#include "server/thinking.h"
#include "server/tool_format.h"

namespace youtu {

namespace {

// Of the context, a fourth is for an answer whose length the request does not say.
constexpr int64_t kAnswerShare = 4;

// Control tokens are left out of the text; those that part it must stay in it.
bool needs_control_tokens(const ChatTask& task, const Tokenizer& tokenizer) {
  const std::optional<TokenId> call = tokenizer.find_token("<tool_call>");
  const bool splits_calls = task.tool_choice.kind != ToolChoice::Kind::kNone;
  return (task.enable_thinking && thinking_tags_are_control(tokenizer)) ||
         (splits_calls && call && tokenizer.is_control(*call));
}

// The form of the whole answer, behind the thought if there is one. Without a form the model may
// call as often as it likes, so the end of a call that shall be the only one ends the answer.
Status set_format(const ChatTask& task, GenerationRequest& generation) {
  RETURN_IF_ERROR(check_tool_schemas(task.tools));
  Result<std::optional<OutputFormat>> format = make_tool_format(
      task.tools, task.tool_choice, task.may_call_several, generation.output_format);
  RETURN_IF_ERROR(format);
  generation.output_format = *std::move(format);
  if (!generation.output_format) {
    const bool may_call = task.tool_choice.kind != ToolChoice::Kind::kNone;
    if (may_call && !task.may_call_several) generation.ends_behind = "</tool_call>";
  } else if (task.enable_thinking) {
    generation.output_format->after = "</think>";
  }
  return Status::ok();
}

}  // namespace

Result<Prompt> make_task_prompt(const Engine& engine, const ChatTask& task) {
  const Tokenizer& tokenizer = engine.tokenizer();
  if (!tokenizer.has_chat_template()) {
    return Status::invalid_argument("this model has no chat template: use /v1/completions",
                                    "messages", "no_chat_template");
  }
  PromptRules rules;
  rules.history.policy =
      task.drops_oldest_turns ? HistoryPolicy::kSlidingWindow : HistoryPolicy::kError;
  const int64_t context = engine.model_info().context_length;
  rules.room_tokens = context - (task.has_max_tokens ? task.generation.sampling.max_new_tokens
                                                     : context / kAnswerShare);
  rules.options.enable_thinking = task.enable_thinking;
  if (task.tool_choice.kind != ToolChoice::Kind::kNone) {
    for (const Tool& tool : task.tools) rules.options.tools.push_back(tool.definition);
  }
  return make_prompt(tokenizer, conversation_of_messages(task.messages), rules);
}

Result<StartedChat> start_chat(const ServingState& state, const RequestSettings& settings,
                               ChatTask task) {
  Engine& engine = state.ready_engine();
  const Tokenizer& tokenizer = engine.tokenizer();
  Result<Prompt> prompt = make_task_prompt(engine, task);
  RETURN_IF_ERROR(prompt);
  GenerationRequest generation = std::move(task.generation);
  const auto prompt_tokens = static_cast<int64_t>(prompt->tokens.size());
  RETURN_IF_ERROR(fit_answer(prompt_tokens, engine.model_info().context_length, task.has_max_tokens,
                             task.length_names, generation.sampling));
  RETURN_IF_ERROR(set_format(task, generation));
  if (!generation.sampling.seed) generation.sampling.seed = fresh_seed();
  if (needs_control_tokens(task, tokenizer)) generation.skip_control_tokens = false;
  generation.thought = thought_rules(tokenizer, prompt->tokens, std::move(task.last_words));
  ChoiceRules rules;
  rules.starts_in_reasoning = generation.thought->is_open;
  rules.splits_calls = task.tool_choice.kind != ToolChoice::Kind::kNone;
  generation.prompt_tokens = std::move(prompt->tokens);
  Result<std::vector<ChoiceProgress>> choices =
      start_choices(engine, generation, task.num_choices, rules);
  RETURN_IF_ERROR(choices);
  StartedChat started = {GenerationRun(*std::move(choices), state, settings), generation.sampling,
                         prompt_tokens, std::nullopt};
  if (task.drops_oldest_turns) started.history = prompt->history;
  return started;
}

}  // namespace youtu
