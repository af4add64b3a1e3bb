#include "config/option_table.h"

#include <fmt/format.h>

namespace youtu {

namespace {

constexpr int64_t kMaxTokens = 1 << 20;

Option live(Option option) {
  option.is_live = true;
  return option;
}

std::vector<Option> serving_options() {
  return {
      {"host", &ServerConfig::host, "address or name to listen on"},
      {"port", &ServerConfig::port, "port to listen on; 0 is any free one", 0, 65535},
      {"model", &ServerConfig::model,
       "Hugging Face folder, .gguf or .youtu file, or the name of a model to pull "
       "(tencent/Youtu-LLM-2B); the demo model if not given"},
      {"offline", &ServerConfig::offline, "never pull a model that is not here"},
      {"model_name", &ServerConfig::model_name,
       "name told to clients; the model's own if not given"},
      live({"model_aliases", &ServerConfig::model_aliases,
            "further names that requests may give as their model"}),
      {"max_context_tokens", &ServerConfig::max_context_tokens, "prompt and answer of one request",
       16, kMaxTokens},
      {"threads", &ServerConfig::threads,
       "threads that compute; 0 is as many as the process may use", 0, 1024},
      {"isa", &ServerConfig::isa,
       "instruction set: scalar, avx2, avxvnni, avx512, avx512vnni, amx; the fastest if not given"},
      {"weights", &ServerConfig::weights,
       "how weights are loaded: exact, auto, bf16, q8 or q4, with rules for some (q4,head=q4)"},
      {"precise_layers", &ServerConfig::precise_layers,
       "of the first so many layers the packed feed-forward weights take inputs of 16 bits "
       "instead of 8; of half as many attention does too, and of twice as many down_proj",
       0, kMaxPreciseLayers},
      {"load", &ServerConfig::load,
       "weights of a .youtu file: map (used where they lie) or read (copied into memory)"},
      {"pack_cache", &ServerConfig::pack_cache,
       "where packed weights are kept for the next start: auto, off or a folder"},
      {"cache_tokens", &ServerConfig::cache_tokens,
       "size of the cache; 0 is max_batch_size * max_context_tokens", 0, int64_t{1} << 32},
      {"cache_dtype", &ServerConfig::cache_dtype,
       "what the cache holds: f32, bf16, int8; auto leaves it to the model"},
      {"prefix_cache", &ServerConfig::prefix_cache,
       "keep what is computed for prompts that begin alike"},
      live({"speculation", &ServerConfig::speculation,
            "guess tokens that stood before and check several in a step, where that is faster"}),
      live({"prefill_slowdown_percent", &ServerConfig::prefill_slowdown_percent,
            "while others stream, how long a step that reads a prompt may take, in percent of one "
            "without; 0 is no limit",
            0, 10'000}),
      {"enable_batching", &ServerConfig::enable_batching, "several requests advance in one step"},
      {"max_batch_size", &ServerConfig::max_batch_size, "most requests that advance in one step", 1,
       256},
      live({"batch_timeout", &ServerConfig::batch_timeout,
            "longest an idle engine holds a first request to gather others", 0, 10'000}),
      live({"max_queued_requests", &ServerConfig::max_queued_requests,
            "requests that may wait; more are refused", 0, 4096}),
      live({"max_queued_tokens", &ServerConfig::max_queued_tokens,
            "prompt tokens that may wait; more are refused; 0 is no limit besides that of requests",
            0, int64_t{1} << 32}),
      {"max_step_tokens", &ServerConfig::max_step_tokens, "most tokens in one step", 16, 65536},
      live({"step_timeout", &ServerConfig::step_timeout,
            "after which a step counts as stuck: /health says so and open requests end; 0 is never",
            0, kDay}),
      live({"default_preset", &ServerConfig::default_preset, "preset of requests that name none"}),
      live({"openai_preset", &ServerConfig::openai_preset,
            "the same for requests to /v1, whose clients know no presets"}),
      live({"strict_parameters", &ServerConfig::strict_parameters,
            "refuse requests with parameters that are unknown or without effect"}),
      live({"clean_input", &ServerConfig::clean_input,
            "straighten curly quotes and the ellipsis in prompts"}),
      live({"request_timeout", &ServerConfig::request_timeout, "longest that one answer may take",
            1000, kDay}),
      live({"drain_timeout", &ServerConfig::drain_timeout,
            "longest that closing waits for answers under way", 0, kDay}),
  };
}

// Who may come in, and what is written down of it.
std::vector<Option> access_options() {
  return {
      live({"max_connections", &ServerConfig::max_connections, "connections at once", 1, 65536}),
      live({"max_connections_per_address", &ServerConfig::max_connections_per_address,
            "of them, from one address", 1, 65536}),
      live({"allowed_hosts", &ServerConfig::allowed_hosts,
            "further names that clients may call the server by"}),
      live({"allowed_origins", &ServerConfig::allowed_origins,
            "other sites whose pages may use the server"}),
      live({"api_key_file", &ServerConfig::api_key_file,
            "file of keys, one a line as \"name key\"; requests must then show one (YOUTU_API_KEY "
            "is a "
            "further one)"}),
      live({"max_requests_per_key", &ServerConfig::max_requests_per_key, "of one key at once", 1,
            65536}),
      live({"access_log", &ServerConfig::access_log,
            "file with a line of JSON for each request, without what was said; - is the standard "
            "error"}),
      live({"access_log_bytes", &ServerConfig::access_log_bytes,
            "of that file; then a new one is begun", 4096, int64_t{1} << 40}),
      live({"access_log_files", &ServerConfig::access_log_files, "of them that are kept", 1, 1000}),
      live({"insecure_no_auth", &ServerConfig::insecure_no_auth,
            "listen beyond this machine although no key is asked for"}),
  };
}

std::vector<Option> session_options() {
  return {
      {"sessions", &ServerConfig::sessions, "keep conversations (session_id)"},
      {"data_dir", &ServerConfig::data_dir,
       "folder of the sessions, one server at a time; $XDG_STATE_HOME/youtu-serve or "
       "~/.local/state/youtu-serve if not given"},
      live({"window_cache", &ServerConfig::window_cache,
            "when a session's sliding window moves on: recompute what stays, or rotate its cache "
            "to the new positions, which is faster and nearly the same"}),
      {"session_durability", &ServerConfig::session_durability,
       "durable: a turn waits for the disk; fast: a loss of power may take those of the last "
       "second"},
      live({"session_ttl", &ServerConfig::session_ttl,
            "how long after its last turn a session is kept; 0 is for ever", 0, 3650 * kDay}),
      live({"max_sessions", &ServerConfig::max_sessions, "most sessions at once", 1, 10'000'000}),
      live({"max_session_bytes", &ServerConfig::max_session_bytes,
            "of the texts of one session; then its oldest turns go", 1024, 4 << 20}),
      {"trust_clock", &ServerConfig::trust_clock,
       "let session_ttl count more than a day between two runs"},
  };
}

}  // namespace

const std::vector<Option>& options() {
  static const std::vector<Option> all = [] {
    std::vector<Option> joined = serving_options();
    for (const Option& option : access_options()) joined.push_back(option);
    for (const Option& option : session_options()) joined.push_back(option);
    return joined;
  }();
  return all;
}

const Option* find_option(std::string_view key) {
  for (const Option& option : options()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string duration_text(int64_t ms) {
  if (ms > kDay && ms % kDay == 0) return fmt::format("{}d", ms / kDay);
  return ms != 0 && ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

std::string value_text(const ServerConfig& config, const Option& option) {
  struct Text {
    const ServerConfig& values;
    std::string operator()(std::string ServerConfig::*member) const { return values.*member; }
    std::string operator()(int64_t ServerConfig::*member) const {
      return std::to_string(values.*member);
    }
    std::string operator()(bool ServerConfig::*member) const {
      return values.*member ? "true" : "false";
    }
    std::string operator()(Milliseconds ServerConfig::*member) const {
      return duration_text((values.*member).count());
    }
    std::string operator()(std::vector<std::string> ServerConfig::*member) const {
      return fmt::format("{}", fmt::join(values.*member, ","));
    }
  };
  return std::visit(Text{config}, option.member);
}

}  // namespace youtu
