#include "engine_flags.h"

#include <cstdio>

#include "elapsed_line.h"
#include "find_model.h"

namespace youtu {

void add_precise_layers_flag(CLI::App& command, int& precise_layers) {
  command
      .add_option(
          "--precise-layers", precise_layers,
          "Of the first so many layers the packed feed-forward weights take inputs of 16 bits "
          "instead of 8; of half as many attention does too, and of twice as many down_proj (0 to "
          "1024)")
      ->check(CLI::Range(0, kMaxPreciseLayers))
      ->capture_default_str();
}

void add_engine_flags(CLI::App& command, EngineFlags& flags, const std::string& model_names) {
  command.add_option(model_names, flags.model,
                     "Hugging Face folder, .gguf or .youtu file, or the name of a model to pull; "
                     "default: the demo model");
  command.add_flag(
      "--offline", flags.offline,
      "Never pull a model that is not here (YOUTU_OFFLINE=1 and HF_HUB_OFFLINE=1, too)");
  command
      .add_option("--max-context-tokens", flags.max_context_tokens,
                  "Prompt and answer together; 2 up to the model's own limit")
      ->capture_default_str();
  command
      .add_option("--threads", flags.num_threads, "0 to 1024; 0 is as many as this process may use")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--isa", flags.isa, "Force an instruction set; default: the machine's best")
      ->envname("YOUTU_ISA")
      ->check(CLI::IsMember({"scalar", "avx2", "avxvnni", "avx512", "avx512vnni", "amx"}));
  command
      .add_option("--weights", flags.weights,
                  "How weights are loaded: exact, auto, bf16, q8 or q4, with rules for some "
                  "(q4,head=q4)")
      ->capture_default_str();
  add_precise_layers_flag(command, flags.precise_layers);
  command
      .add_option("--load", flags.load,
                  "Weights of a .youtu file: map (used where they lie), read (copied) or auto")
      ->check(CLI::IsMember({"auto", "map", "read"}))
      ->capture_default_str();
  command
      .add_option("--pack-cache", flags.pack_cache,
                  "Where packed weights are kept for the next start: auto, off or a folder")
      ->capture_default_str();
  command.add_flag("--thinking,!--no-thinking", flags.enable_thinking,
                   "Ask the chat template for an answer with or without thinking first; default: "
                   "the template's");
}

Result<std::unique_ptr<Engine>> create_engine(const EngineFlags& flags) {
  Result<std::string> model_path = find_model(flags.model, {.offline = flags.offline});
  if (!model_path) return model_path.status();
  EngineOptions options;
  options.model_path = *model_path;
  options.isa = flags.isa;
  options.weights = flags.weights;
  options.precise_layers = flags.precise_layers;
  options.load = flags.load;
  options.pack_cache = flags.pack_cache;
  options.num_threads = flags.num_threads;
  options.max_context_tokens = flags.max_context_tokens;
  options.enable_batching = false;
  std::optional<ElapsedLine> waiting(std::in_place, "loading " + options.model_path);
  Result<std::unique_ptr<Engine>> engine = create_engine(options);
  waiting.reset();
  if (!engine) return engine;
  const ModelInfo& model = (*engine)->model_info();
  if (model.has_pack_cache_news) std::fprintf(stderr, "note: %s\n", model.pack_cache.c_str());
  return engine;
}

}  // namespace youtu
