// `youtu pack`: a model's weights in the layout that the kernels read, with its description, in one
// file that later starts map instead of packing again.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/check.h"
#include "commands.h"
#include "elapsed_line.h"
#include "find_model.h"
#include "formats/open_model.h"
#include "model/load_model.h"
#include "model/packed_weights.h"
#include "report_error.h"

namespace youtu {

namespace {

struct PackFlags {
  std::string model;
  std::string output;
  std::string weights = "auto";
  int num_threads = 0;
  bool force = false;
};

double mebibytes(uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

// What can be refused is refused before the model, which takes long, is loaded.
Status check_output(const PackFlags& flags) {
  std::error_code error;
  if (!flags.output.ends_with(kPackedFileSuffix)) {
    return Status::invalid_argument("--output is \"" + flags.output + "\" (a name ending in " +
                                        std::string(kPackedFileSuffix) + ")",
                                    "output");
  }
  if (std::filesystem::is_directory(flags.output, error)) {
    return Status::invalid_argument(flags.output + ": is a directory", "output");
  }
  if (!flags.force && std::filesystem::exists(flags.output, error)) {
    return Status::invalid_argument(flags.output + ": exists already (--force replaces it)",
                                    "output");
  }
  return Status::ok();
}

Status pack(const PackFlags& flags) {
  const auto policy = parse_weight_policy(flags.weights);
  RETURN_IF_ERROR(policy);
  RETURN_IF_ERROR(check_output(flags));
  const auto begin = std::chrono::steady_clock::now();
  const auto path = find_model(flags.model);
  RETURN_IF_ERROR(path);
  const auto opened = open_model(*path);
  if (!opened) return Status(opened.status().code(), opened.status().message());
  if (opened->packed) {
    return Status::failed_precondition(flags.model + ": is packed already (from \"" +
                                       opened->packed->path + "\")");
  }
  std::optional<ElapsedLine> waiting(std::in_place, "packing " + flags.model);
  const auto loaded = load_model(*opened, {.num_threads = flags.num_threads, .weights = *policy});
  // A parameter would be a key of the model's files, not a flag.
  if (!loaded) return Status(loaded.status().code(), loaded.status().message());
  const auto packed = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(write_packed_model(*opened, loaded->config, loaded->model->weights(),
                                     {.path = flags.output,
                                      .weights = flags.weights,
                                      .key = pack_cache_key(*opened, loaded->config, *policy),
                                      .full_precision = loaded->full_precision,
                                      .replaces = flags.force}));
  waiting.reset();
  const auto written = std::chrono::steady_clock::now();
  uint64_t source_bytes = 0;
  for (const TensorView& tensor : opened->tensors->tensors()) source_bytes += tensor.data.size();
  std::error_code ignored;
  using Seconds = std::chrono::duration<double>;
  fmt::print("source    {} ({}), {:.1f} MiB of weights\n", flags.model, opened->format,
             mebibytes(source_bytes));
  fmt::print("weights   {}\n", loaded->weight_types);
  fmt::print("output    {}, {:.1f} MiB\n", flags.output,
             mebibytes(std::filesystem::file_size(flags.output, ignored)));
  fmt::print("time      packed in {:.1f} s, written in {:.1f} s\n", Seconds(packed - begin).count(),
             Seconds(written - packed).count());
  return Status::ok();
}

}  // namespace

void add_pack_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<PackFlags>();
  CLI::App* command = app.add_subcommand(
      "pack", "Write a model as one file that starts at once: its weights packed for the kernels");
  command
      ->add_option("-m,--model", flags->model,
                   "Hugging Face folder or .gguf file, or a pulled model's name")
      ->required();
  command->add_option("-o,--output", flags->output, "The .youtu file to write")->required();
  command
      ->add_option("--weights", flags->weights,
                   "How weights are packed: exact, auto, bf16, q8 or q4, with rules for some "
                   "(q4,head=q4)")
      ->capture_default_str();
  command
      ->add_option("--threads", flags->num_threads,
                   "0 to 1024; 0 is as many as this process may use")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--force", flags->force, "Replace a file that is there");
  command->callback([flags, &exit_code] {
    const Status status = pack(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
