// `youtu bench`: how fast a model runs on this machine, and how much of what the machine could do
// that is. `youtu bench ops`: where the time of a step goes. `youtu bench serve` (bench_serve.cpp):
// what a server does under load. How to read all three is in docs/performance.md.
#include "bench/run_bench.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench_serve.h"
#include "commands.h"
#include "engine_flags.h"
#include "find_model.h"
#include "progress_line.h"
#include "report_error.h"

namespace youtu {

namespace {

constexpr int32_t kMaxTokens = 1 << 20;
constexpr size_t kMaxListLength = 32;

// What both commands have.
struct SharedBenchFlags {
  std::string model;
  BenchTarget target;
  bool json = false;
  bool csv = false;
};

struct BenchFlags {
  SharedBenchFlags shared;
  BenchOptions options;
};

struct OpsFlags {
  SharedBenchFlags shared;
  BenchOptions options;
  int32_t batch = 1;
  int32_t depth = 0;
  std::optional<int32_t> prompt;
};

template <typename Report>
void print(const Report& report, const SharedBenchFlags& flags) {
  show_progress("");
  const std::string text = flags.json  ? to_json(report)
                           : flags.csv ? to_csv(report)
                                       : to_table(report);
  std::fputs(text.c_str(), stdout);
}

// What the flags say in words.
Status complete_target(SharedBenchFlags& flags) {
  auto path = find_model(flags.model);
  RETURN_IF_ERROR(path);
  flags.target.model_path = *std::move(path);
  return Status::ok();
}

Status check_list(const char* flag, const std::vector<int32_t>& values) {
  if (values.size() <= kMaxListLength) return Status::ok();
  return Status::invalid_argument(std::string(flag) + " has " + std::to_string(values.size()) +
                                      " values (at most " + std::to_string(kMaxListLength) + ")",
                                  flag);
}

Status run(BenchFlags& flags) {
  const BenchOptions& options = flags.options;
  RETURN_IF_ERROR(check_list("--prompt", options.prompts));
  RETURN_IF_ERROR(check_list("--batch", options.batches));
  RETURN_IF_ERROR(check_list("--depth", options.depths));
  // Without room every case is skipped; here it only matters whether there is one.
  if (plan_cases(options, {}).empty()) {
    return Status::invalid_argument("--prompt and --batch are 0: there is nothing to measure",
                                    "--batch");
  }
  RETURN_IF_ERROR(complete_target(flags.shared));
  const auto report = run_bench(flags.shared.target, options, show_progress);
  RETURN_IF_ERROR(report);
  print(*report, flags.shared);
  return Status::ok();
}

Status run(OpsFlags& flags) {
  BenchOptions& options = flags.options;
  options.prompts = {flags.prompt.value_or(0)};
  options.batches = {flags.prompt ? 0 : flags.batch};
  options.depths = {flags.depth};
  RETURN_IF_ERROR(complete_target(flags.shared));
  const auto report = run_ops_bench(flags.shared.target, options, show_progress);
  RETURN_IF_ERROR(report);
  print(*report, flags.shared);
  return Status::ok();
}

void add_shared_flags(CLI::App& command, SharedBenchFlags& flags, BenchOptions& options) {
  command.add_option(
      "-m,--model", flags.model,
      "Hugging Face folder, .gguf or .youtu file, or a pulled model's name; default: the "
      "demo model");
  command
      .add_option("--tokens", options.tokens,
                  "Tokens of each sequence, one a step, in a repetition (1 to 4096)")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      .add_option("--repetitions", options.repetitions,
                  "How often each case is measured after a warm-up (1 to 1000)")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_option("--threads", flags.target.num_threads,
                  "0 to 1024; 0 is as many as this process may use")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--isa", flags.target.isa,
                     "Force an instruction set; default: the machine's best");
  command
      .add_option("--weights", flags.target.weights,
                  "How weights are loaded: exact, auto, bf16, q8 or q4, with rules for some "
                  "(q4,head=q4)")
      ->capture_default_str();
  flags.target.pack_cache = "auto";
  add_precise_layers_flag(command, flags.target.precise_layers);
  command
      .add_option("--pack-cache", flags.target.pack_cache,
                  "Where packed weights are kept for the next start: auto, off or a folder")
      ->capture_default_str();
  command
      .add_option("--load", flags.target.load,
                  "Weights of a .youtu file: map (used where they lie), read (copied) or auto")
      ->check(CLI::IsMember({"auto", "map", "read"}))
      ->capture_default_str();
  CLI::Option* json = command.add_flag("--json", flags.json, "Print JSON instead of a table");
  command.add_flag("--csv", flags.csv, "Print CSV instead of a table")->excludes(json);
}

// `bench --batch 4 ops` would pass its flag over in silence.
Status refuse_flags_before(const CLI::App& bench, const char* subcommand) {
  for (const CLI::Option* option : bench.get_options()) {
    if (option->count() == 0) continue;
    return Status::invalid_argument(
        option->get_name() + " comes before " + subcommand + " (put it behind)",
        option->get_name());
  }
  return Status::ok();
}

void add_ops_command(CLI::App& bench, int& exit_code) {
  auto flags = std::make_shared<OpsFlags>();
  CLI::App* command =
      bench.add_subcommand("ops", "The time of each operation inside a step; they add up to it");
  CLI::Option* batch = command->add_option("--batch", flags->batch, "Sequences (1 to 256)")
                           ->check(CLI::Range(1, kMaxBenchBatch))
                           ->capture_default_str();
  CLI::Option* depth =
      command->add_option("--depth", flags->depth, "Tokens of context of each (0 to 1048576)")
          ->check(CLI::Range(0, kMaxTokens))
          ->capture_default_str();
  command
      ->add_option("--prompt", flags->prompt,
                   "The steps of a prompt of so many tokens instead (1 to 1048576)")
      ->check(CLI::Range(1, kMaxTokens))
      ->excludes(batch)
      ->excludes(depth);
  add_shared_flags(*command, flags->shared, flags->options);
  command->callback([flags, &bench, &exit_code] {
    Status status = refuse_flags_before(bench, "ops");
    if (status) status = run(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand(
      "bench", "Measure a model's speed, and the machine's limits beside it, on this machine");
  command
      ->add_option("--prompt", flags->options.prompts,
                   "Prompts of so many tokens (up to 1048576; 0: none)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, kMaxTokens))
      ->capture_default_str();
  command
      ->add_option("--batch", flags->options.batches,
                   "Sequences that generate together (up to 256; 0: none)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, kMaxBenchBatch))
      ->capture_default_str();
  command
      ->add_option("--depth", flags->options.depths,
                   "Tokens of context that each of them begins with (0 to 1048576)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, kMaxTokens))
      ->capture_default_str();
  add_shared_flags(*command, flags->shared, flags->options);
  add_ops_command(*command, exit_code);
  add_bench_serve_command(
      *command, [command] { return refuse_flags_before(*command, "serve"); }, exit_code);
  command->callback([command, flags, &exit_code] {
    if (!command->get_subcommands().empty()) return;  // it has run
    const Status status = run(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
