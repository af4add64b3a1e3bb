// `youtu eval`: the model's logits for given tokens, as an .npy file that other implementations can
// be compared with.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "commands.h"
#include "formats/npy.h"
#include "model/teacher_forcing.h"

namespace youtu {

namespace {

struct EvalFlags {
  std::string model;
  std::vector<TokenId> tokens;
  std::string logits;
  TeacherForcingOptions forcing;
  LoadOptions load;
};

Status write_logits(const EvalFlags& flags) {
  auto opened = open_model(flags.model);
  if (!opened) return opened.status();
  auto loaded = load_model(*opened, flags.load);
  if (!loaded) return loaded.status();
  auto writer = NpyWriter::create(flags.logits, static_cast<int64_t>(flags.tokens.size()),
                                  loaded->config.vocab_size);
  if (!writer) return writer.status();
  RETURN_IF_ERROR(
      run_teacher_forced(*loaded, flags.tokens, flags.forcing,
                         [&](std::span<const float> rows) { return writer->append(rows); }));
  return writer->finish();
}

}  // namespace

void add_eval_command(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<EvalFlags>();
  CLI::App* eval =
      app.add_subcommand("eval", "Write a model's logits for given tokens to an .npy file");
  const std::map<std::string, AttentionMode> attention = {{"auto", AttentionMode::kAuto},
                                                          {"absorbed", AttentionMode::kAbsorbed},
                                                          {"expanded", AttentionMode::kExpanded}};
  const std::map<std::string, CacheDType> cache = {
      {"f32", CacheDType::kF32}, {"bf16", CacheDType::kBF16}, {"int8", CacheDType::kInt8}};
  eval->add_option("--model", flags->model, "Hugging Face folder or .gguf file")->required();
  eval->add_option("--tokens", flags->tokens, "Token ids, separated by commas")
      ->required()
      ->delimiter(',');
  eval->add_option("--logits", flags->logits,
                   "The .npy file to write: F32 [tokens, vocabulary], every position")
      ->required();
  eval->add_option("--attention", flags->forcing.attention, "How attention is computed [auto]")
      ->transform(CLI::CheckedTransformer(attention).description("auto, absorbed or expanded"));
  eval->add_option("--cache", flags->forcing.cache_dtype, "Type of the latent cache [f32]")
      ->transform(CLI::CheckedTransformer(cache).description("f32, bf16 or int8"));
  eval->add_option("--chunk", flags->forcing.chunk, "Tokens in a step (1 to 4096)")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  eval->add_option("--isa", flags->load.isa,
                   "Kernels to use: avx512, avx2 or scalar [the fastest]");
  eval->add_option("--threads", flags->load.num_threads,
                   "Threads (0 to 256; 0: as many as the process may use)")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  eval->callback([flags, &exit_code] {
    const Status status = write_logits(*flags);
    if (status) return;
    std::fprintf(stderr, "error: %s\n", status.message().c_str());
    exit_code =
        status.param() == "tokens" || status.param() == "isa" ? kExitConfiguration : kExitModel;
  });
}

}  // namespace youtu
