#include "engine/local_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "backend/batch_view.h"
#include "base/check.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "engine/engine_options.h"
#include "engine/sliding_window.h"

namespace youtu {
namespace {

LoopRules loop_rules(const EngineOptions& options) {
  return {.batch_timeout = std::chrono::milliseconds(options.batch_timeout_ms),
          .prefill_slowdown = static_cast<double>(options.prefill_slowdown_percent) / 100,
          .speculation = options.speculation,
          .step_timeout = std::chrono::milliseconds(options.step_timeout_ms)};
}

EngineLoopOptions loop_options(const EngineOptions& options, uint64_t prefix_hash_key,
                               PrefixSketch& sketch) {
  return {.scheduler = {.max_batch_size = batch_size_of(options),
                        .max_step_tokens = options.max_step_tokens,
                        .num_blocks = num_cache_blocks_of(options),
                        .block_size = kBlockSize,
                        .prefix_cache = options.prefix_cache,
                        .prefix_hash_key = prefix_hash_key,
                        .prefix_observer = &sketch},
          .rules = loop_rules(options)};
}

InboxLimits inbox_limits(const EngineOptions& options) {
  return {.max_running = batch_size_of(options),
          .max_queued = options.max_queued_requests,
          .max_queued_tokens = options.max_queued_tokens};
}

PrefixTreeShape sketch_shape(const EngineOptions& options, uint64_t hash_key) {
  return {
      .num_blocks = num_cache_blocks_of(options), .block_size = kBlockSize, .hash_key = hash_key};
}

uint64_t fresh_key() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// Nothing is truncated silently: a request that could outgrow the context is refused, however it
// would have ended.
Status check_context(int64_t num_prompt_tokens, int64_t max_new_tokens, int64_t max_context) {
  if (num_prompt_tokens >= max_context) {
    return Status::invalid_argument(
        fmt::format(
            "the prompt has {} tokens and the context {}, so there is no room for an answer",
            num_prompt_tokens, max_context),
        "prompt", "context_length_exceeded");
  }
  if (num_prompt_tokens + max_new_tokens > max_context) {
    return Status::invalid_argument(
        fmt::format("the prompt has {} tokens; with max_new_tokens {} that is {}, and the context "
                    "has {}",
                    num_prompt_tokens, max_new_tokens, num_prompt_tokens + max_new_tokens,
                    max_context),
        "max_new_tokens", "context_length_exceeded");
  }
  return Status::ok();
}

Status check_tokens(std::string_view name, std::span<const TokenId> tokens, int32_t vocab_size) {
  for (const TokenId token : tokens) {
    if (token >= 0 && token < vocab_size) continue;
    return Status::invalid_argument(
        fmt::format("{} has a token {} (0 to {})", name, token, vocab_size - 1), std::string(name),
        "out_of_range");
  }
  return Status::ok();
}

Status check_scheduling(const GenerationRequest& request) {
  if (request.cache_salt.size() > kMaxCacheSaltBytes) {
    return Status::invalid_argument(fmt::format("cache_salt has {} bytes (at most {})",
                                                request.cache_salt.size(), kMaxCacheSaltBytes),
                                    "cache_salt", "out_of_range");
  }
  if (!is_utf8(request.cache_salt)) {
    return Status::invalid_argument("cache_salt is not UTF-8", "cache_salt", "invalid_utf8");
  }
  if (request.priority < kMinPriority || request.priority > kMaxPriority) {
    return Status::invalid_argument(
        fmt::format("priority is {} ({} to {})", request.priority, kMinPriority, kMaxPriority),
        "priority", "out_of_range");
  }
  for (const auto& [name, value] :
       {std::pair("timeout_ms", request.timeout), std::pair("ttft_slo_ms", request.ttft_slo)}) {
    if (value.count() >= 0 && value <= kMaxTimeout) continue;
    return Status::invalid_argument(
        fmt::format("{} is {} (1 to {}, or 0 for none)", name, value.count(), kMaxTimeout.count()),
        name, "out_of_range");
  }
  if (request.client.size() > kMaxClientBytes) {
    return Status::invalid_argument(
        fmt::format("client has {} bytes (at most {})", request.client.size(), kMaxClientBytes),
        "client", "out_of_range");
  }
  return Status::ok();
}

}  // namespace

LocalEngine::LocalEngine(EngineParts parts)
    : parts_(std::move(parts)),
      formats_(*parts_.tokenizer),
      seed_key_(fresh_key()),
      prefix_hash_key_(fresh_key()),
      sketch_(sketch_shape(parts_.options, prefix_hash_key_)),
      inbox_(inbox_limits(parts_.options)),
      loop_(loop_options(parts_.options, prefix_hash_key_, sketch_), *parts_.executor, inbox_,
            board_, watch_, *parts_.clock),
      watchdog_({.step_timeout = std::chrono::milliseconds(parts_.options.step_timeout_ms),
                 .interval = parts_.watchdog_interval},
                watch_, streams_, *parts_.clock),
      thread_([this] { loop_.run(); }) {}

LocalEngine::~LocalEngine() {
  inbox_.stop();
  thread_.join();
}

Status LocalEngine::check_request(const GenerationRequest& request) const {
  RETURN_IF_ERROR(validate(request.sampling));
  RETURN_IF_ERROR(check_scheduling(request));
  if (request.prompt_tokens.empty()) {
    return Status::invalid_argument("the prompt has no tokens", "prompt", "empty");
  }
  const int32_t vocab_size = parts_.executor->vocab_size();
  RETURN_IF_ERROR(check_tokens("prompt", request.prompt_tokens, vocab_size));
  RETURN_IF_ERROR(check_tokens("prediction", request.prediction, vocab_size));
  RETURN_IF_ERROR(check_tokens("stop_token_ids", request.sampling.stop_token_ids, vocab_size));
  for (const LogitBias& one : request.sampling.logit_bias) {
    RETURN_IF_ERROR(check_tokens("logit_bias", std::span(&one.token, 1), vocab_size));
  }
  const auto num_predicted = static_cast<int64_t>(request.prediction.size());
  if (num_predicted > parts_.options.max_context_tokens) {
    return Status::invalid_argument(
        fmt::format("the prediction has {} tokens (at most {}, the context)", num_predicted,
                    parts_.options.max_context_tokens),
        "prediction", "out_of_range");
  }
  RETURN_IF_ERROR(check_window_of(request));
  return check_context(static_cast<int64_t>(request.prompt_tokens.size()),
                       request.sampling.max_new_tokens, parts_.options.max_context_tokens);
}

Status LocalEngine::check_window_of(const GenerationRequest& request) const {
  if (!request.window) return Status::ok();
  if (!parts_.options.prefix_cache) {
    return Status::invalid_argument("a sliding window needs the prefix cache, which is off",
                                    "window", "unsupported_value");
  }
  return check_window(*request.window, request.prompt_tokens);
}

// Of the prompt, how many tokens need no computing, as it seems.
int64_t LocalEngine::expect_cached_tokens(const GenerationRequest& request) const {
  if (!request.window) {
    return sketch_.num_cached_tokens({request.cache_salt, request.prompt_tokens});
  }
  const std::string salt = window_salt(*request.window, request.cache_salt);
  const int64_t own = sketch_.num_cached_tokens({salt, request.prompt_tokens});
  const auto earlier = earlier_prompt_of(*request.window, request.cache_salt, salt);
  if (!earlier) return own;
  return std::max(own, earlier->num_covered(sketch_.num_cached_tokens(earlier->tokens)));
}

Result<GenerationHandle> LocalEngine::submit(GenerationRequest request) {
  RETURN_IF_ERROR(health());
  RETURN_IF_ERROR(check_request(request));
  auto text = CompletionText::create(*parts_.tokenizer, request.skip_control_tokens,
                                     request.sampling.stop, request.sampling.include_stop);
  RETURN_IF_ERROR(text);
  auto outline = CompletionOutline::create(*parts_.tokenizer, request);
  RETURN_IF_ERROR(outline);
  auto format = compile_format(request);
  RETURN_IF_ERROR(format);
  const LoadForecast forecast = board_.read_forecast();
  const auto num_prompt_tokens = static_cast<int64_t>(request.prompt_tokens.size());
  const int64_t num_cached = expect_cached_tokens(request);
  const double predicted = forecast.first_token_seconds(num_prompt_tokens - num_cached);
  RETURN_IF_ERROR(check_promise(request, predicted));
  const RequestId id = inbox_.next_request_id();
  const uint64_t seed = request.sampling.seed.value_or(random_bits(seed_key_, id));
  auto stream = std::make_shared<BoundedGenerationStream>(
      id, request.sampling.max_new_tokens,
      request.sampling.explain_tokens > 0 ? kMaxUnreadExplainedEvents : kMaxUnreadEvents);
  auto sequence =
      std::make_unique<Sequence>(std::move(request), seed, parts_.tokenizer->eos_tokens(),
                                 *std::move(text), stream, parts_.clock->now());
  sequence->timeline().predict_first_token(predicted);
  sequence->expect_cached_tokens(num_cached);
  sequence->set_format(*std::move(format));
  sequence->set_outline(*std::move(outline));
  const Status status = inbox_.push(std::move(sequence));
  if (!status) return status.with_retry_after(room_seconds(forecast, num_prompt_tokens));
  streams_.add(stream);
  return GenerationHandle(std::move(stream));
}

// On the caller's thread: a large schema takes its time, and the engine's thread has none.
Result<std::shared_ptr<CompiledFormat>> LocalEngine::compile_format(
    const GenerationRequest& request) {
  if (!request.output_format) return std::shared_ptr<CompiledFormat>();
  if (request.sampling.ignore_eos) {
    return Status::invalid_argument(
        "ignore_eos cannot be held beside an output format, which ends where it is complete",
        "ignore_eos", "unsupported_value");
  }
  return formats_.compile(*request.output_format);
}

Status LocalEngine::check_room() const {
  RETURN_IF_ERROR(health());
  const Status status = inbox_.check_room();
  return status ? status : status.with_retry_after(room_seconds(board_.read_forecast(), 1));
}

// Until a request would be let in that is refused now.
double LocalEngine::room_seconds(const LoadForecast& forecast, int64_t num_prompt_tokens) const {
  const int64_t max_tokens = inbox_.limits().max_queued_tokens;
  const double tokens_seconds =
      max_tokens > 0 ? forecast.tokens_seconds(num_prompt_tokens, max_tokens) : 0;
  return std::max(forecast.place_seconds(), tokens_seconds);
}

// Better no at once than a late answer that nobody waits for any more.
Status LocalEngine::check_promise(const GenerationRequest& request,
                                  double first_token_seconds) const {
  for (const auto& [name, limit] :
       {std::pair("ttft_slo_ms", request.ttft_slo), std::pair("timeout_ms", request.timeout)}) {
    const double seconds = static_cast<double>(limit.count()) / 1000;
    if (limit.count() == 0 || first_token_seconds <= seconds) continue;
    return Status(StatusCode::kResourceExhausted,
                  fmt::format("the first token is expected in {:.1f} s ({} is {})",
                              first_token_seconds, name, limit.count()),
                  name, "slo_unattainable")
        .with_retry_after(first_token_seconds - seconds);
  }
  return Status::ok();
}

EngineStats LocalEngine::stats() const {
  EngineStats stats = board_.read();
  stats.stuck_steps = watchdog_.num_stuck();
  return stats;
}

void LocalEngine::set_report(std::function<void(const std::string& line)> report) {
  watchdog_.set_report(std::move(report));
}

void LocalEngine::set_step_listener(std::function<void()> listener) {
  loop_.set_step_listener(std::move(listener));
}

// The batch and the cache have the sizes that they were made with; only the queue changes.
Status LocalEngine::change(const EngineOptions& options) {
  RETURN_IF_ERROR(validate_changeable(options));
  InboxLimits limits = inbox_limits(options);
  limits.max_running = batch_size_of(parts_.options);
  inbox_.set_limits(limits);
  loop_.set_rules(loop_rules(options));
  watchdog_.set_step_timeout(std::chrono::milliseconds(options.step_timeout_ms));
  return Status::ok();
}

void LocalEngine::drain() {
  inbox_.close();
  inbox_.wait_until_all_finished();
}

}  // namespace youtu
