// What a load is: where it goes, in which form, how its requests arrive and what is asked of the
// answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "load/server_url.h"
#include "youtu/status.h"

namespace youtu::load {

enum class LoadApi : uint8_t {
  kNative,      // POST /chat_stream, as a JSON stream
  kOpenAi,      // POST /v1/completions
  kOpenAiChat,  // POST /v1/chat/completions
};

// "native", "openai", "openai-chat".
std::string_view to_string(LoadApi api);
std::optional<LoadApi> find_load_api(std::string_view name);

inline constexpr int64_t kMaxPrompts = 10'000'000;
// Of an open loop without --max-concurrency: beyond them arrivals wait.
inline constexpr int64_t kMaxInFlight = 4096;
inline constexpr int64_t kMaxRetries = 1000;

struct LoadTarget {
  ServerUrl url;
  LoadApi api = LoadApi::kNative;
  std::string model = "default";  // the field of OpenAI's requests
};

// The same in every request. Penalties and filters are off, so that servers with other defaults
// have the same work.
struct LoadSampling {
  double temperature = 0;
  uint64_t seed = 0;
  bool ignore_eos = false;  // answers have exactly the tokens that were asked for
};

struct LoadOptions {
  LoadTarget target;
  LoadSampling sampling;
  int64_t num_prompts = 100;                // conversations that are begun
  int64_t num_warmups = 0;                  // before them, not counted
  std::optional<double> duration_s = {};    // none is begun after it
  std::optional<double> request_rate = {};  // open loop: conversations a second; else closed
  double burstiness = 1;                    // of the open loop
  int64_t max_concurrency = 1;              // conversations at once
  int64_t max_retries = 0;                  // of a request that 429 or 503 refuses, at once
  bool check_answers = false;               // against those of each prompt asked alone
  double timeout_s = 600;                   // of one request
};

// What a good request keeps to: --goodput ttft:500 tpot:100 e2el:5000, in milliseconds.
struct Slo {
  std::optional<double> ttft_ms = {};
  std::optional<double> tpot_ms = {};
  std::optional<double> e2el_ms = {};

  bool is_set() const { return ttft_ms || tpot_ms || e2el_ms; }
};

// Adds one "name:milliseconds".
Status add_objective(std::string_view text, Slo& slo);

}  // namespace youtu::load
