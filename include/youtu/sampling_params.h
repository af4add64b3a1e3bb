// How the next token is chosen, and when a completion ends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "youtu/logprobs.h"
#include "youtu/status.h"
#include "youtu/token_explanation.h"
#include "youtu/types.h"

namespace youtu {

// What happens when a completion goes round in a loop: nothing, the last event tells, or it ends
// there.
enum class LoopGuard { kOff, kReport, kStop };

// Added to the token's logit before all else.
struct LogitBias {
  TokenId token = 0;
  double bias = 0;
  bool operator==(const LogitBias&) const = default;
};

// Applied in the order of Hugging Face's and vLLM's samplers: logit_bias, min_new_tokens,
// repetition_penalty, no_repeat_ngram_size, presence and frequency penalty, temperature, top_k,
// top_p, min_p, draw.
struct SamplingParams {
  double temperature = 1.0;          // [0, 100]; 0 is greedy
  int64_t top_k = 0;                 // 0 or -1 is off, else >= 1
  double top_p = 1.0;                // (0, 1]; 1 is off
  double min_p = 0.0;                // [0, 1]; 0 is off
  double repetition_penalty = 1.0;   // [0.01, 10]; over prompt and completion; 1 is off
  double presence_penalty = 0.0;     // [-2, 2]; over the completion
  double frequency_penalty = 0.0;    // [-2, 2]; over the completion
  int64_t no_repeat_ngram_size = 0;  // [0, 64]; over prompt and completion; 0 is off
  int64_t max_new_tokens = 128;      // [1, 1048576]; the context length bounds it further
  std::optional<uint64_t> seed;      // none: a fresh one for each request
  std::vector<std::string> stop;     // at most 16 of 1 to 256 bytes each
  bool include_stop = false;         // the stop string stays in the text
  // End the completion like the model's own end tokens; their text is not part of the answer.
  std::vector<TokenId> stop_token_ids = {};  // at most 64
  // Until the completion has so many tokens no end token is drawn, and no stop string looked for.
  int64_t min_new_tokens = 0;              // [0, max_new_tokens]
  std::vector<LogitBias> logit_bias = {};  // at most 1024, each [-100, 100]
  // Report the logprobs of each token and of so many of the likeliest; none: no report.
  std::optional<int32_t> top_logprobs = std::nullopt;  // [0, 20]
  // Explain each token with so many of its likeliest candidates; 0: no explanation. Then
  // max_new_tokens is at most 2048.
  int32_t explain_tokens = 0;  // [0, 20]
  bool ignore_eos = false;
  // After so many tokens of its thought (ThoughtRules) the thought is closed; -1: when it likes.
  int64_t thinking_token_budget = -1;      // [-1, 1048576]
  LoopGuard loop_guard = LoopGuard::kOff;  // the presets stop

  bool operator==(const SamplingParams&) const = default;
};

// Limits of the list-valued fields.
inline constexpr size_t kMaxStopStrings = 16;
inline constexpr size_t kMaxStopStringBytes = 256;
inline constexpr size_t kMaxStopTokenIds = 64;
inline constexpr size_t kMaxLogitBiases = 1024;
inline constexpr double kMaxLogitBias = 100;

// Ok, or the first field that is out of its range; status.param() is the field's name.
Status validate(const SamplingParams& params);

// Where the values of a parameter that is a number may lie, and where those of use do.
struct SamplingRange {
  std::string_view name;
  std::variant<double SamplingParams::*, int64_t SamplingParams::*> member;
  double minimum = 0;
  double maximum = 0;
  double usual_minimum = 0;  // the ends of a slider, and its step
  double usual_maximum = 0;
  double step = 0;
  bool above_minimum = false;      // the minimum itself is not allowed
  std::string_view in_words = {};  // where "minimum to maximum" does not say it
};
std::span<const SamplingRange> sampling_ranges();

struct SamplingPreset {
  std::string_view name;
  std::string_view description;
  SamplingParams params;
};

// speed, balanced, quality as in the tuning guide, and the model's published decoding advice.
std::span<const SamplingPreset> sampling_presets();
const SamplingPreset* find_sampling_preset(std::string_view name);
inline constexpr std::string_view kDefaultPreset = "balanced";

}  // namespace youtu
