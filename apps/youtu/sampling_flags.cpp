// Ranges are named in the help and enforced by validate(), which every door shares.
#include "sampling_flags.h"

namespace youtu {

std::string preset_names() {
  std::string names;
  for (const SamplingPreset& preset : sampling_presets()) {
    if (!names.empty()) names += ", ";
    names += preset.name;
  }
  return names;
}

void add_sampling_flags(CLI::App& command, SamplingFlags& flags) {
  const std::string group = "Sampling (each flag is set over the preset)";
  const auto add = [&](const char* name, auto& value, const std::string& description) {
    return command.add_option(name, value, description)->group(group);
  };
  add("--preset", flags.preset, "The values to start from: " + preset_names())
      ->capture_default_str();
  add("--temperature", flags.temperature, "0 to 100; 0 always takes the likeliest token");
  add("--top-k", flags.top_k, "Keep the k likeliest tokens; 1 and up, 0 is off");
  add("--top-p", flags.top_p, "Keep the likeliest tokens of this mass; above 0, up to 1 (off)");
  add("--min-p", flags.min_p, "Drop tokens below this share of the likeliest; 0 (off) to 1");
  add("--repetition-penalty", flags.repetition_penalty, "0.01 to 10; 1 is off");
  add("--presence-penalty", flags.presence_penalty, "-2 to 2; 0 is off");
  add("--frequency-penalty", flags.frequency_penalty, "-2 to 2; 0 is off");
  add("--no-repeat-ngram-size", flags.no_repeat_ngram_size,
      "Never repeat this many tokens in a row; 1 to 64, 0 is off");
  add("--max-new-tokens", flags.max_new_tokens, "1 to 1048576; the context length bounds it too");
  add("--thinking-token-budget", flags.thinking_token_budget,
      "Close the model's thought after so many tokens; 0: no thought, -1: when it likes");
  add("--seed", flags.seed, "Makes the answer repeatable; 0 to 2^64-1; default: a fresh one");
  add("--stop", flags.stop, "End the answer before this text; may be given up to 16 times")
      ->type_size(1)
      ->allow_extra_args(false);
  const std::map<std::string, LoopGuard> guards = {
      {"off", LoopGuard::kOff}, {"report", LoopGuard::kReport}, {"stop", LoopGuard::kStop}};
  add("--loop-guard", flags.loop_guard, "When the answer goes round in a loop: off, report, stop")
      ->transform(CLI::CheckedTransformer(guards).description(""));
}

Result<SamplingParams> sampling_params(const SamplingFlags& flags) {
  const SamplingPreset* preset = find_sampling_preset(flags.preset);
  if (preset == nullptr) {
    return Status::invalid_argument("--preset is '" + flags.preset + "' (" + preset_names() + ")",
                                    "preset", "unknown_preset");
  }
  SamplingParams params = preset->params;
  const auto set = [](auto& field, const auto& given) {
    if (given) field = *given;
  };
  set(params.temperature, flags.temperature);
  set(params.top_k, flags.top_k);
  set(params.top_p, flags.top_p);
  set(params.min_p, flags.min_p);
  set(params.repetition_penalty, flags.repetition_penalty);
  set(params.presence_penalty, flags.presence_penalty);
  set(params.frequency_penalty, flags.frequency_penalty);
  set(params.no_repeat_ngram_size, flags.no_repeat_ngram_size);
  set(params.max_new_tokens, flags.max_new_tokens);
  set(params.thinking_token_budget, flags.thinking_token_budget);
  if (flags.seed) params.seed = flags.seed;
  if (!flags.stop.empty()) params.stop = flags.stop;
  set(params.loop_guard, flags.loop_guard);
  if (Status status = validate(params); !status.is_ok()) return status;
  return params;
}

}  // namespace youtu
