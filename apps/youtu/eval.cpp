// `youtu eval`: what a model says to given tokens. As logits in an .npy file that other
// implementations can be compared with, or compared at once with the same model in F32 (--kld).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "commands.h"
#include "engine_flags.h"
#include "eval_kld.h"
#include "eval_tokens.h"
#include "find_model.h"
#include "formats/npy.h"
#include "model/teacher_forcing.h"
#include "report_error.h"
#include "youtu/engine.h"

namespace youtu {

namespace {

struct EvalFlags {
  TestedConfiguration configuration;
  TokenFlags tokens;
  std::string logits;
  KldFlags kld;
};

Status write_logits(const EvalFlags& flags) {
  auto opened = open_model(flags.configuration.model);
  if (!opened) return opened.status();
  const auto config = read_model_config(*opened);
  RETURN_IF_ERROR(config);
  const auto read = read_eval_tokens(flags.tokens, *opened, config->vocab_size);
  RETURN_IF_ERROR(read);
  std::vector<TokenId> tokens = read->prefix;
  tokens.insert(tokens.end(), read->tokens.begin(), read->tokens.end());
  const auto policy = eval_weight_policy(*opened, flags.configuration);
  RETURN_IF_ERROR(policy);
  LoadOptions load = flags.configuration.load;
  load.weights = *policy;
  auto loaded = load_model(*opened, load);
  if (!loaded) return loaded.status();
  auto writer = NpyWriter::create(flags.logits, static_cast<int64_t>(tokens.size()),
                                  loaded->config.vocab_size);
  if (!writer) return writer.status();
  RETURN_IF_ERROR(
      run_teacher_forced(*loaded, tokens, flags.configuration.forcing,
                         [&](std::span<const float> rows) { return writer->append(rows); }));
  return writer->finish();
}

Status evaluate(EvalFlags& flags) {
  if (!flags.configuration.weights.empty())
    RETURN_IF_ERROR(parse_weight_policy(flags.configuration.weights));
  if (flags.kld.is_wanted == !flags.logits.empty()) {
    return Status::invalid_argument("one of --logits and --kld is needed", "logits");
  }
  auto path = find_model(flags.configuration.model);
  RETURN_IF_ERROR(path);
  flags.configuration.model = *std::move(path);
  if (flags.kld.is_wanted) {
    return compare_with_reference(flags.configuration, flags.tokens, flags.kld);
  }
  return write_logits(flags);
}

// A model's files have parameters too (GGUF keys), so it takes a list to know a flag.
bool is_flag(std::string_view param) {
  constexpr std::string_view kFlags[] = {"isa",  "logits", "positions", "reference",
                                         "text", "tokens", "weights",   "window"};
  return std::find(std::begin(kFlags), std::end(kFlags), param) != std::end(kFlags);
}

void add_configuration_flags(CLI::App& eval, TestedConfiguration& tested) {
  const std::map<std::string, AttentionMode> attention = {{"auto", AttentionMode::kAuto},
                                                          {"absorbed", AttentionMode::kAbsorbed},
                                                          {"expanded", AttentionMode::kExpanded}};
  const std::map<std::string, CacheDType> cache = {
      {"f32", CacheDType::kF32}, {"bf16", CacheDType::kBF16}, {"int8", CacheDType::kInt8}};
  eval.add_option("--model", tested.model,
                  "Hugging Face folder, .gguf or .youtu file, or a pulled model's name")
      ->required();
  eval.add_option("--attention", tested.forcing.attention, "How attention is computed [auto]")
      ->transform(CLI::CheckedTransformer(attention).description("auto, absorbed or expanded"));
  eval.add_option("--cache", tested.forcing.cache_dtype, "Type of the latent cache [f32]")
      ->transform(CLI::CheckedTransformer(cache).description("f32, bf16 or int8"));
  eval.add_option("--chunk", tested.forcing.chunk, "Tokens in a step (1 to 4096)")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  eval.add_option("--isa", tested.load.isa,
                  "Kernels to use: amx, avx512vnni, avx512, avxvnni, avx2 or scalar [the fastest]");
  tested.load.precise_layers = EngineOptions{}.precise_layers;
  add_precise_layers_flag(eval, tested.load.precise_layers);
  eval.add_option("--threads", tested.load.num_threads,
                  "Threads (0 to 256; 0: as many as the process may use)")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
}

}  // namespace

void add_eval_command(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<EvalFlags>();
  CLI::App* eval = app.add_subcommand(
      "eval", "Write a model's logits for given tokens, or compare it with itself in F32");
  add_configuration_flags(*eval, flags->configuration);
  eval->add_option("--weights", flags->configuration.weights,
                   "How weights are loaded: exact, auto, bf16, q8 or q4, with rules for some "
                   "(q4,head=q4) [exact; of a .youtu file, as they are packed]");
  add_token_flags(*eval, flags->tokens);
  eval->add_option("--logits", flags->logits,
                   "The .npy file to write: F32 [tokens, vocabulary], every position");
  add_kld_flags(*eval, flags->kld);
  eval->callback([flags, &exit_code] {
    const Status status = evaluate(*flags);
    if (status) return;
    exit_code =
        report_error(is_flag(status.param()) ? status : Status(status.code(), status.message()));
  });
}

}  // namespace youtu
