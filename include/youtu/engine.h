// The engine: turns requests into streams of text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "youtu/generation.h"
#include "youtu/memory_plan.h"
#include "youtu/stats.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"

namespace youtu {

inline constexpr int kMaxPreciseLayers = 1024;

struct EngineOptions {
  std::string model_path;        // Hugging Face folder, .gguf or .youtu file
  std::string isa = {};          // "" chooses; else a kernel table's name, as "avx2" (YOUTU_ISA)
  std::string weights = "auto";  // how weights are loaded: "exact", "auto", "bf16", "q8", "q4", ...
  int precise_layers = 2;  // the first ones, whose packed weights take inputs of 16 bits, not 8
  // Weights of a .youtu file: "map" (used where they lie), "read" (copied into memory) or "auto"
  // (copied where that gives large pages and there is memory for both).
  std::string load = "map";
  std::string pack_cache = "auto";  // where packed weights are kept: "auto", "off" or a folder
  int num_threads = 0;              // 0: as many as the process may use
  int64_t max_context_tokens =
      2048;  // prompt and completion of one request; at most the model's own limit
  bool enable_batching = true;  // false: one request at a time
  int max_batch_size = 8;       // most requests that advance in one step
  int batch_timeout_ms = 0;     // longest an idle engine holds a first request to gather others
  int max_step_tokens = 512;    // most tokens in one step
  // While others stream, a step that reads a prompt takes at most so many percent of a step
  // without; 0: as the step has room.
  int prefill_slowdown_percent = 220;
  bool speculation = true;       // guess tokens that stood before, where that is faster
  int max_queued_requests = 32;  // waiting beyond the batch; more are refused
  // A step that takes longer than this and 20 times what steps of its size take is reported as
  // stuck, and ends the requests that are open. 0: never.
  int64_t step_timeout_ms = 120'000;
  int64_t max_queued_tokens = 0;     // prompt tokens of those that wait; 0: no limit of their own
  int64_t cache_tokens = 0;          // latent cache size; 0: max_batch_size * max_context_tokens
  std::string cache_dtype = "auto";  // or "f32", "bf16", "int8": what the cache holds
  bool prefix_cache = true;          // what is computed is kept for prompts that begin alike
  // Told on the loading thread, while weights are loaded, which share of them is ready: 0 to 1.
  std::function<void(double)> on_load_progress = {};
};

struct ModelInfo {
  std::string name;
  std::string architecture;          // "youtu"
  std::string format;                // "Hugging Face folder", "GGUF v3"
  std::string weight_types;          // "BF16 (386 tensors)"
  std::string pack_cache;            // what it did while loading; may be empty
  bool has_pack_cache_news = false;  // it was written, or there was trouble with it
  int64_t num_parameters = 0;
  int64_t weight_bytes = 0;
  int64_t cache_bytes = 0;
  int64_t context_length = 0;  // max_context_tokens in force
  int64_t model_context_length = 0;
  int32_t vocab_size = 0;
  std::string isa;
  int num_threads = 0;
  std::vector<std::string> warnings;  // what was found odd or passed over while loading
};

// All methods are thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;  // cancels what runs and stops after the current step

  // Errors: kInvalidArgument (bad parameters, empty prompt, reason "context_length_exceeded";
  // param() is the field's name),
  // kResourceExhausted (the queue is full), kUnavailable (draining).
  virtual Result<GenerationHandle> submit(GenerationRequest request) = 0;
  // Ok, or what submit() would answer now whatever the request: cheap, so that a request can be
  // refused before its text is looked at.
  virtual Status check_room() const = 0;
  // Ok, or why nothing gets on at the moment: kUnavailable, reason "step_stuck".
  virtual Status health() const { return Status::ok(); }
  virtual const Tokenizer& tokenizer() const = 0;
  virtual const ModelInfo& model_info() const = 0;
  virtual EngineStats stats() const = 0;
  // `listener` is called on the engine's thread once after each step that produced events, so that
  // a reader of many streams needs one wake-up a step. Set it before the first submit(); it must
  // not block.
  virtual void set_step_listener(std::function<void()> listener) = 0;
  // `report` is called, on a thread of the engine's, with a line for whoever runs the program. Set
  // it before the first submit(); it must not block.
  virtual void set_report(std::function<void(const std::string& line)> report) { (void)report; }
  // Takes over those of the options that may change while the engine serves, between two steps:
  // max_queued_requests, max_queued_tokens, batch_timeout_ms, prefill_slowdown_percent, speculation
  // and step_timeout_ms. What is queued already stays. Fails, and changes nothing, where one of
  // them is out of its range.
  virtual Status change(const EngineOptions& options) = 0;
  // Finishes what is running and waiting, refuses what is new. Returns when nothing is left.
  virtual void drain() = 0;
};

// What is wrong with the options can be said before anything is opened: what names no form of
// weights. create_engine() checks it too.
Status check_engine_options(const EngineOptions& options);

// What an engine of these options would take. Opens the model and reads none of its weights.
Result<MemoryReport> plan_memory(const EngineOptions& options);

// Is told what the engine will take before any of it is taken; an error ends the start.
using MemoryCheck = std::function<Status(const MemoryReport&)>;

// Opens, validates and loads the model, sizes the cache and starts the engine's thread.
Result<std::unique_ptr<Engine>> create_engine(const EngineOptions& options,
                                              const MemoryCheck& check = {});

}  // namespace youtu
