// What the engine counts and how long things take: of one request for its own answer, of all of
// them for monitoring.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace youtu {

// One stretch of a prompt that was computed in one step.
struct PrefillChunk {
  int64_t tokens = 0;
  double seconds = 0;
};

// Where the time of one request went. queue + prefill + decode + delivery is its whole life in the
// engine, from submit() to its last event.
struct RequestTimings {
  double queue_seconds = 0;     // until the first step that computed some of it began
  double prefill_seconds = 0;   // until its first token was sampled, steps without it included
  double decode_seconds = 0;    // until its last token was sampled
  double delivery_seconds = 0;  // from the end of its last step until the last event was there
  // Inside decode and delivery: tokens to text, stop strings.
  double detokenize_seconds = 0;
  std::vector<PrefillChunk> prefill_chunks;  // the first kMaxPrefillChunks
  int64_t num_prefill_chunks = 0;
  int64_t prefill_tokens = 0;  // computed for it before its first token; cached ones are not
  int64_t num_steps = 0;
  int64_t num_preemptions = 0;
  int64_t draft_tokens = 0;            // guesses that were checked, and of these
  int64_t accepted_draft_tokens = 0;   // those that were right
  double inter_token_p50_seconds = 0;  // between two tokens; 0 with fewer than two
  double inter_token_p99_seconds = 0;

  double total_seconds() const {
    return queue_seconds + prefill_seconds + decode_seconds + delivery_seconds;
  }
};
inline constexpr size_t kMaxPrefillChunks = 64;

// Observations in buckets with fixed upper edges, as Prometheus has them. Plain data, so that a
// snapshot is a copy.
class Histogram {
 public:
  static constexpr size_t kMaxEdges = 24;

  Histogram() = default;
  // REQUIRES: at most kMaxEdges edges, rising; they outlive the histogram.
  explicit Histogram(std::span<const double> upper_edges) : upper_edges_(upper_edges) {}

  void observe(double value);
  std::span<const double> upper_edges() const { return upper_edges_; }
  // How many were at most upper_edges()[i], and above the edge before.
  int64_t bucket(size_t i) const { return buckets_[i]; }
  double sum() const { return sum_; }
  int64_t count() const { return count_; }

 private:
  std::span<const double> upper_edges_;
  std::array<int64_t, kMaxEdges> buckets_ = {};  // what is above all edges counts in count_ only
  double sum_ = 0;
  int64_t count_ = 0;
};

// The edges of vLLM's histograms, so that dashboards made for it fit.
struct EngineHistograms {
  EngineHistograms();

  Histogram time_to_first_token;    // seconds, from submit()
  Histogram inter_token_latency;    // seconds, between two tokens of a request
  Histogram time_per_output_token;  // seconds, a request's mean after its first token
  Histogram e2e_latency;            // seconds, of whole requests
  Histogram queue_time;             // seconds
  Histogram inference_time;         // seconds, prefill and decode
  Histogram prefill_time;           // seconds
  Histogram decode_time;            // seconds
  Histogram prompt_tokens;          // a request
  Histogram generation_tokens;      // a request
  Histogram max_tokens;             // that a request asked for
  Histogram prefill_tokens;         // computed for a request; cached ones are not
  Histogram step_tokens;            // a step
  Histogram first_token_error;      // seconds between the predicted and the true first token
};

struct EngineStats {
  int64_t requests_running = 0;
  int64_t requests_waiting = 0;
  int64_t tokens_waiting = 0;  // of their prompts
  int64_t blocks_total = 0;
  int64_t blocks_in_use = 0;    // held by running requests
  int64_t blocks_cached = 0;    // held by none, kept for the next prompt that begins alike
  int64_t requests_paused = 0;  // that wait for their readers
  int64_t steps = 0;
  int64_t stuck_steps = 0;            // that took longer than step_timeout
  int64_t prompt_tokens = 0;          // computed
  int64_t completion_tokens = 0;      // sampled
  int64_t prefix_queried_tokens = 0;  // prompt tokens of requests that began, and of these
  int64_t prefix_hit_tokens = 0;      // those found in the prefix cache
  int64_t preemptions = 0;
  int64_t drafts = 0;                 // times that something was guessed
  int64_t draft_tokens = 0;           // guesses that were checked, and of these
  int64_t accepted_draft_tokens = 0;  // those that were right
  int64_t requests_finished = 0;      // for whatever reason
  int64_t finished_stop = 0;          // of them, with an end token, a stop string or a loop
  int64_t finished_length = 0;
  int64_t finished_cancelled = 0;
  int64_t finished_error = 0;
  EngineHistograms histograms;
};

}  // namespace youtu
