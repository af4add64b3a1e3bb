#include "server/engine_metrics.h"

#include <array>
#include <optional>

#include "base/resident_memory.h"
#include "server/prometheus_text.h"

namespace youtu {
namespace {

struct Named {
  std::string_view name;
  std::string_view help;
};
struct Count : Named {
  int64_t EngineStats::*member;
};
struct Distribution : Named {
  Histogram EngineHistograms::*member;
};

constexpr std::array kGauges = {
    Count{{"vllm:num_requests_running", "Requests that advance."}, &EngineStats::requests_running},
    Count{{"vllm:num_requests_waiting", "Requests that wait."}, &EngineStats::requests_waiting},
    Count{{"youtu:num_requests_paused", "Requests that wait for their readers."},
          &EngineStats::requests_paused},
    Count{{"youtu:num_prompt_tokens_waiting", "Tokens of their prompts."},
          &EngineStats::tokens_waiting},
    Count{{"youtu:cache_blocks", "Blocks of the latent cache."}, &EngineStats::blocks_total},
    Count{{"youtu:cache_blocks_in_use", "Of them, those that running requests hold."},
          &EngineStats::blocks_in_use},
    Count{{"youtu:cache_blocks_cached",
           "Of them, those that nobody holds and a prompt may find again."},
          &EngineStats::blocks_cached},
};

constexpr std::array kCounters = {
    Count{{"vllm:prompt_tokens_total", "Tokens of prompts that were computed."},
          &EngineStats::prompt_tokens},
    Count{{"vllm:generation_tokens_total", "Tokens that were sampled."},
          &EngineStats::completion_tokens},
    Count{{"vllm:num_preemptions_total", "Times that a request gave its cache back."},
          &EngineStats::preemptions},
    Count{{"vllm:prefix_cache_queries_total",
           "Prompt tokens that were looked up in the prefix cache."},
          &EngineStats::prefix_queried_tokens},
    Count{{"vllm:prefix_cache_hits_total", "Of them, those that were found."},
          &EngineStats::prefix_hit_tokens},
    Count{{"vllm:spec_decode_num_drafts_total", "Times that tokens were guessed."},
          &EngineStats::drafts},
    Count{{"vllm:spec_decode_num_draft_tokens_total", "Tokens that were guessed."},
          &EngineStats::draft_tokens},
    Count{{"vllm:spec_decode_num_accepted_tokens_total", "Of them, those that were right."},
          &EngineStats::accepted_draft_tokens},
    Count{{"youtu:steps_total", "Steps of the engine."}, &EngineStats::steps},
    Count{{"youtu:stuck_steps_total", "Of them, those that took longer than step_timeout."},
          &EngineStats::stuck_steps},
};

struct Reason {
  std::string_view name;
  int64_t EngineStats::*member;
};
constexpr std::array kReasons = {
    Reason{"stop", &EngineStats::finished_stop},
    Reason{"length", &EngineStats::finished_length},
    Reason{"abort", &EngineStats::finished_cancelled},
    Reason{"error", &EngineStats::finished_error},
};

constexpr std::array kDistributions = {
    Distribution{
        {"vllm:time_to_first_token_seconds", "From a request's arrival to its first token."},
        &EngineHistograms::time_to_first_token},
    Distribution{{"vllm:inter_token_latency_seconds", "Between two tokens of a request."},
                 &EngineHistograms::inter_token_latency},
    Distribution{{"vllm:request_time_per_output_token_seconds",
                  "A request's mean time for a token after its first."},
                 &EngineHistograms::time_per_output_token},
    Distribution{{"vllm:e2e_request_latency_seconds", "From a request's arrival to its end."},
                 &EngineHistograms::e2e_latency},
    Distribution{{"vllm:request_queue_time_seconds", "A request's time before its first step."},
                 &EngineHistograms::queue_time},
    Distribution{{"vllm:request_inference_time_seconds", "A request's time after it."},
                 &EngineHistograms::inference_time},
    Distribution{{"vllm:request_prefill_time_seconds", "Of it, until the first token."},
                 &EngineHistograms::prefill_time},
    Distribution{{"vllm:request_decode_time_seconds", "Of it, after the first token."},
                 &EngineHistograms::decode_time},
    Distribution{{"vllm:request_prompt_tokens", "Tokens of a prompt."},
                 &EngineHistograms::prompt_tokens},
    Distribution{{"vllm:request_generation_tokens", "Tokens of an answer."},
                 &EngineHistograms::generation_tokens},
    Distribution{{"vllm:request_params_max_tokens", "The max_new_tokens of a request."},
                 &EngineHistograms::max_tokens},
    Distribution{{"vllm:request_prefill_kv_computed_tokens",
                  "Tokens that a request had computed before its first."},
                 &EngineHistograms::prefill_tokens},
    Distribution{{"youtu:first_token_prediction_error_seconds",
                  "Between the first token's predicted and its true time."},
                 &EngineHistograms::first_token_error},
    Distribution{{"vllm:iteration_tokens_total", "Tokens of a step."},
                 &EngineHistograms::step_tokens},
};

double usage(const EngineStats& stats) {
  if (stats.blocks_total == 0) return 0;
  return static_cast<double>(stats.blocks_in_use) / static_cast<double>(stats.blocks_total);
}

}  // namespace

std::string engine_metrics(const EngineStats& stats, const ModelInfo& model,
                           std::string_view model_name) {
  PrometheusText text(PrometheusText::Labels{{"model_name", model_name}, {"engine", "0"}});
  for (const Count& gauge : kGauges) {
    text.gauge(gauge.name, gauge.help, static_cast<double>(stats.*gauge.member));
  }
  text.gauge("vllm:kv_cache_usage_perc", "Share of the latent cache that is in use, 0 to 1.",
             usage(stats));
  text.gauge("youtu:weight_bytes", "Bytes of the weights.",
             static_cast<double>(model.weight_bytes));
  text.gauge("youtu:cache_bytes", "Bytes of the latent cache.",
             static_cast<double>(model.cache_bytes));
  if (const std::optional<int64_t> bytes = resident_bytes()) {
    text.gauge("process_resident_memory_bytes",
               "Memory that the process holds, mapped files of weights included.",
               static_cast<double>(*bytes));
  }
  for (const Count& counter : kCounters) {
    text.counter(counter.name, counter.help, static_cast<double>(stats.*counter.member));
  }
  constexpr std::string_view kFinished = "vllm:request_success_total";
  text.begin(kFinished, "Requests that ended, by reason.", "counter");
  for (const Reason& reason : kReasons) {
    text.sample(kFinished, {{"finished_reason", reason.name}},
                static_cast<double>(stats.*reason.member));
  }
  for (const Distribution& each : kDistributions) {
    text.histogram(each.name, each.help, stats.histograms.*each.member);
  }
  return text.take();
}

}  // namespace youtu
