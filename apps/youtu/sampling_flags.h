// The command line's sampling flags, shared by the commands that generate: a preset, then single
// fields over it, then the same validation as every other door.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

struct SamplingFlags {
  std::string preset{kDefaultPreset};
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<int64_t> no_repeat_ngram_size;
  std::optional<int64_t> max_new_tokens;
  std::optional<int64_t> thinking_token_budget;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
  std::optional<LoopGuard> loop_guard;
};

// REQUIRES: `flags` outlives the parsing of `command`.
void add_sampling_flags(CLI::App& command, SamplingFlags& flags);

// The preset with the given fields over it, or the first thing that is wrong.
Result<SamplingParams> sampling_params(const SamplingFlags& flags);

// "speed, balanced, quality": for help texts and errors.
std::string preset_names();

}  // namespace youtu
