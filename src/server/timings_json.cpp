#include "server/timings_json.h"

#include <cmath>

namespace youtu {
namespace {

double milliseconds(double seconds) {
  return std::round(seconds * 1e6) / 1e3;
}

// Null where there is nothing to divide.
OrderedJson per_second(int64_t count, double seconds) {
  if (count <= 0 || seconds <= 0) return nullptr;
  return std::round(static_cast<double>(count) / seconds * 100) / 100;
}

}  // namespace

OrderedJson timings_json(const RequestTimings& timings, const Usage& usage,
                         double prepare_seconds) {
  OrderedJson json;
  json["total_ms"] = milliseconds(prepare_seconds + timings.total_seconds());
  json["prepare_ms"] = milliseconds(prepare_seconds);
  json["queue_ms"] = milliseconds(timings.queue_seconds);
  json["prefill_ms"] = milliseconds(timings.prefill_seconds);
  json["decode_ms"] = milliseconds(timings.decode_seconds);
  json["delivery_ms"] = milliseconds(timings.delivery_seconds);
  json["detokenize_ms"] = milliseconds(timings.detokenize_seconds);
  json["cached_tokens"] = usage.cached_tokens;
  json["prefill_tokens"] = timings.prefill_tokens;
  json["prefill_per_second"] = per_second(timings.prefill_tokens, timings.prefill_seconds);
  json["prefill_chunks"] = OrderedJson::array();
  for (const PrefillChunk& chunk : timings.prefill_chunks) {
    json["prefill_chunks"].push_back(
        {{"tokens", chunk.tokens}, {"ms", milliseconds(chunk.seconds)}});
  }
  json["num_prefill_chunks"] = timings.num_prefill_chunks;
  json["decode_per_second"] = per_second(usage.completion_tokens - 1, timings.decode_seconds);
  json["inter_token_p50_ms"] = milliseconds(timings.inter_token_p50_seconds);
  json["inter_token_p99_ms"] = milliseconds(timings.inter_token_p99_seconds);
  json["steps"] = timings.num_steps;
  json["preemptions"] = timings.num_preemptions;
  json["draft_tokens"] = timings.draft_tokens;
  json["accepted_draft_tokens"] = timings.accepted_draft_tokens;
  return json;
}

}  // namespace youtu
