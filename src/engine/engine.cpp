// From a path to a running engine: open, check, load, size the cache, start the thread.
#include "youtu/engine.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>

#include "base/available_memory.h"
#include "base/check.h"
#include "base/describe_exception.h"
#include "engine/engine_options.h"
#include "engine/local_engine.h"
#include "engine/memory_planner.h"
#include "engine/model_executor.h"
#include "formats/open_model.h"
#include "model/load_model.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

// What the model calls itself, or what its file or folder is called.
std::string model_name(const OpenedModel& opened) {
  if (const auto* metadata = std::get_if<GgufMetadata>(&opened.description)) {
    const auto name = metadata->find_string("general.name");
    if (name && name->has_value() && !(*name)->empty()) return std::string(**name);
  }
  // A path that ends in a slash has an empty file name.
  const std::filesystem::path path = std::filesystem::path(opened.path).lexically_normal();
  const std::filesystem::path last = path.has_filename() ? path : path.parent_path();
  return last.extension() == ".gguf" || last.extension() == kPackedFileSuffix
             ? last.stem().string()
             : last.filename().string();
}

Result<std::shared_ptr<const Tokenizer>> make_tokenizer(OpenedModel& opened,
                                                        const ModelConfig& config) {
  if (!opened.has_vocab) {
    return Status::failed_precondition(opened.path + ": the model has no tokenizer");
  }
  auto tokenizer = BpeTokenizer::create(std::move(opened.vocab));
  if (!tokenizer) return tokenizer.status().with_prefix(opened.path + ": tokenizer: ");
  if ((*tokenizer)->vocab_size() > config.vocab_size) {
    return Status::invalid_argument(
        fmt::format("{}: tokenizer: it has {} tokens (at most {}, the model's vocab_size)",
                    opened.path, (*tokenizer)->vocab_size(), config.vocab_size));
  }
  return tokenizer;
}

ModelInfo describe(const OpenedModel& opened, const ModelExecutor& executor,
                   const EngineOptions& options) {
  const LoadedModel& loaded = executor.loaded();
  const BackendInfo backend = loaded.backend->info();
  ModelInfo info;
  info.name = model_name(opened);
  info.architecture = "youtu";
  info.format = opened.format;
  info.weight_types = loaded.weight_types;
  info.pack_cache = loaded.pack_cache;
  info.has_pack_cache_news = loaded.has_pack_cache_news;
  info.num_parameters = loaded.num_parameters;
  info.weight_bytes = loaded.weight_bytes;
  info.cache_bytes = executor.cache_bytes();
  info.context_length = options.max_context_tokens;
  info.model_context_length = loaded.config.max_position_embeddings;
  info.vocab_size = loaded.config.vocab_size;
  info.isa = backend.isa;
  info.num_threads = backend.num_threads;
  info.warnings = opened.warnings;
  info.warnings.insert(info.warnings.end(), loaded.warnings.begin(), loaded.warnings.end());
  return info;
}

struct Opened {
  OpenedModel model;
  std::shared_ptr<const Tokenizer> tokenizer;
};

// Everything that can be refused is refused before the weights, which take long, are read.
Result<Opened> open(const EngineOptions& options) {
  RETURN_IF_ERROR(parse_weight_policy(options.weights));
  auto model = open_model(options.model_path);
  RETURN_IF_ERROR(model);
  RETURN_IF_ERROR(read_weight_policy(*model, options.weights));
  const auto config = read_model_config(*model);
  RETURN_IF_ERROR(config);
  RETURN_IF_ERROR(validate(options, config->max_position_embeddings));
  auto tokenizer = make_tokenizer(*model, *config);
  RETURN_IF_ERROR(tokenizer);
  return Opened{*std::move(model), *std::move(tokenizer)};
}

Result<std::unique_ptr<Engine>> build_engine(const EngineOptions& options,
                                             const MemoryCheck& check) {
  auto opened = open(options);
  RETURN_IF_ERROR(opened);
  if (check) {
    const auto report = MemoryPlanner(opened->model).report(options, available_memory());
    RETURN_IF_ERROR(report);
    RETURN_IF_ERROR(check(*report));
  }
  auto how = load_options(opened->model, options);
  RETURN_IF_ERROR(how);
  how->on_progress = options.on_load_progress;
  auto loaded = load_model(opened->model, *how);
  RETURN_IF_ERROR(loaded);
  auto executor = ModelExecutor::create(*std::move(loaded), executor_limits(options));
  RETURN_IF_ERROR(executor);

  EngineParts parts;
  parts.options = options;
  parts.tokenizer = std::move(opened->tokenizer);
  parts.model_info = describe(opened->model, **executor, options);
  parts.executor = *std::move(executor);
  return std::unique_ptr<Engine>(std::make_unique<LocalEngine>(std::move(parts)));
}

// An exception of a library becomes an error that names the model.
template <typename Value, typename Build>
Result<Value> guarded(const EngineOptions& options, const Build& build) {
  try {
    return build();
  } catch (const std::exception& error) {
    return Status::internal(options.model_path + ": " + describe_exception(error));
  }
}

}  // namespace

Status check_engine_options(const EngineOptions& options) {
  const auto policy = parse_weight_policy(options.weights);
  return policy ? Status::ok() : policy.status();
}

Result<MemoryReport> plan_memory(const EngineOptions& options) {
  return guarded<MemoryReport>(options, [&]() -> Result<MemoryReport> {
    const auto opened = open(options);
    RETURN_IF_ERROR(opened);
    return MemoryPlanner(opened->model).report(options, available_memory());
  });
}

Result<std::unique_ptr<Engine>> create_engine(const EngineOptions& options,
                                              const MemoryCheck& check) {
  return guarded<std::unique_ptr<Engine>>(options, [&] { return build_engine(options, check); });
}

}  // namespace youtu
