// `youtu bench serve`: how fast a server that runs already answers, and what it refuses, under a
// load over HTTP. How to read the results is in docs/performance.md.
#include "bench_serve.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/machine_load.h"
#include "commands.h"
#include "load/load_report.h"
#include "load/load_run.h"
#include "load/workload.h"
#include "progress_line.h"
#include "report_error.h"

namespace youtu {

namespace {

using namespace load;

constexpr size_t kMaxRanks = 16;

struct ServeBenchFlags {
  std::string url = "http://127.0.0.1:8080";
  std::string api = "native";
  std::string dataset = "random";
  RandomLengths lengths;
  LoadOptions options;
  std::vector<std::string> goodput;
  std::vector<std::string> metrics = {"ttft", "tpot", "itl", "e2el"};
  ReportOptions asked;
  std::optional<int64_t> num_prompts;
  std::optional<int64_t> max_concurrency;
  bool json = false;

  bool is_random() const { return dataset == "random"; }
};

Status take_metrics(ServeBenchFlags& flags) {
  flags.asked.metrics.clear();
  for (const std::string& name : flags.metrics) {
    const std::optional<LoadMetric> metric = find_load_metric(name);
    if (!metric) {
      return Status::invalid_argument(
          "--percentile-metrics has \"" + name.substr(0, 32) + "\" (ttft, tpot, itl, e2el)",
          "--percentile-metrics");
    }
    flags.asked.metrics.push_back(*metric);
  }
  for (const std::string& text : flags.goodput) {
    RETURN_IF_ERROR(add_objective(text, flags.asked.slo));
  }
  if (flags.asked.ranks.size() <= kMaxRanks) return Status::ok();
  return Status::invalid_argument("--metric-percentiles has more than 16 values",
                                  "--metric-percentiles");
}

// What the flags leave open depends on other flags.
Status complete(ServeBenchFlags& flags) {
  LoadOptions& options = flags.options;
  Result<ServerUrl> url = parse_server_url(flags.url);
  RETURN_IF_ERROR(url);
  options.target.url = *std::move(url);
  options.target.api = *find_load_api(flags.api);  // CLI11 has checked it
  RETURN_IF_ERROR(take_metrics(flags));
  options.num_prompts =
      flags.num_prompts.value_or(options.duration_s ? kMaxPrompts : options.num_prompts);
  options.max_concurrency = flags.max_concurrency.value_or(options.request_rate ? kMaxInFlight : 1);
  if (flags.is_random()) options.sampling.ignore_eos = true;
  if (flags.is_random() && options.check_answers) {
    return Status::invalid_argument(
        "--check-answers needs prompts that come again (--dataset demo or a file)",
        "--check-answers");
  }
  if (!flags.is_random() && flags.lengths.range_ratio > 0) {
    return Status::invalid_argument("--random-range-ratio is for --dataset random",
                                    "--random-range-ratio");
  }
  if (flags.dataset != "demo" && !flags.is_random() && flags.lengths.turns > 1) {
    return Status::invalid_argument("--turns is not for a file, which says it itself (\"turns\")",
                                    "--turns");
  }
  return Status::ok();
}

Result<std::unique_ptr<Workload>> make_workload(const ServeBenchFlags& flags) {
  const RandomLengths& lengths = flags.lengths;
  if (flags.dataset == "demo") return make_demo_workload(lengths.turns, lengths.output_len);
  if (!flags.is_random()) return read_workload(flags.dataset, lengths.output_len);
  const Result<PromptScale> scale = measure_prompt_scale(flags.options);
  RETURN_IF_ERROR(scale);
  return make_random_workload(lengths, *scale, flags.options.sampling.seed);
}

std::string name_of_workload(const ServeBenchFlags& flags) {
  const RandomLengths& lengths = flags.lengths;
  const std::string turns = lengths.turns > 1 ? fmt::format(", {} turns", lengths.turns) : "";
  if (flags.is_random()) {
    const std::string spread =
        lengths.range_ratio > 0 ? fmt::format(" +- {:g}%", 100 * lengths.range_ratio) : "";
    return fmt::format("random, {} + {} tokens{}{}", lengths.input_len, lengths.output_len, spread,
                       turns);
  }
  return fmt::format("{}, up to {} tokens{}", flags.dataset, lengths.output_len, turns);
}

Status run(ServeBenchFlags& flags) {
  RETURN_IF_ERROR(complete(flags));
  const Result<std::unique_ptr<Workload>> workload = make_workload(flags);
  RETURN_IF_ERROR(workload);
  const LoadWatch watch;
  const Result<LoadResult> result = run_load(flags.options, **workload, show_progress);
  show_progress("");
  RETURN_IF_ERROR(result);
  LoadReport report = make_report(flags.options, flags.asked, *result);
  report.workload = name_of_workload(flags);
  report.load_average = watch.read().load_average;
  fmt::print("{}", flags.json ? to_json(report) : to_table(report));
  if (!result->first_wrong_answer.empty()) {
    return Status::internal("wrong answers, the first: " + result->first_wrong_answer);
  }
  if (report.completed > 0) return Status::ok();
  return Status::unavailable("no request was answered" +
                             (report.failures.empty() ? "" : ": " + report.failures[0].what));
}

void add_load_flags(CLI::App& command, ServeBenchFlags& flags) {
  LoadOptions& options = flags.options;
  command.add_option("--url", flags.url, "The server's root")->capture_default_str();
  command
      .add_option("--api", flags.api,
                  "native (/chat_stream), openai (/v1/completions), openai-chat "
                  "(/v1/chat/completions)")
      ->check(CLI::IsMember({"native", "openai", "openai-chat"}))
      ->capture_default_str();
  command.add_option("--model", options.target.model, "The model's name in OpenAI's requests")
      ->capture_default_str();
  command
      .add_option("--num-prompts", flags.num_prompts,
                  "Conversations (1 to 10000000); default: 100, or what --duration has time for")
      ->check(CLI::Range(int64_t{1}, kMaxPrompts));
  command
      .add_option("--duration", options.duration_s,
                  "Begin none after so many seconds (0.1 to 86400)")
      ->check(CLI::Range(0.1, 86400.0));
  command
      .add_option("--num-warmups", options.num_warmups,
                  "Conversations before, not counted (0 to 10000000)")
      ->check(CLI::Range(int64_t{0}, kMaxPrompts))
      ->capture_default_str();
  command
      .add_option("--request-rate", options.request_rate,
                  "Open loop: conversations a second (0.001 to 1000000); default: closed loop")
      ->check(CLI::Range(0.001, 1e6));
  command
      .add_option("--burstiness", options.burstiness,
                  "Of the open loop: 1 Poisson, less bursts, more even (0.01 to 1000)")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  command
      .add_option("--max-concurrency", flags.max_concurrency,
                  "Conversations at once (1 to 4096); default: 1, open loop 4096")
      ->check(CLI::Range(int64_t{1}, kMaxInFlight));
  command
      .add_option("--max-retries", options.max_retries,
                  "How often a request that 429 or 503 refuses is asked again, at once (0 to 1000)")
      ->check(CLI::Range(int64_t{0}, kMaxRetries))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "Seconds for one request (0.1 to 86400)")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
}

void add_prompt_flags(CLI::App& command, ServeBenchFlags& flags) {
  RandomLengths& lengths = flags.lengths;
  LoadSampling& sampling = flags.options.sampling;
  command
      .add_option("--dataset", flags.dataset,
                  "random, demo (built-in conversations) or a file of JSON lines")
      ->capture_default_str();
  command
      .add_option("--input-len", lengths.input_len,
                  "Tokens of a random prompt, as near as words come (1 to 1048576)")
      ->check(CLI::Range(1, kMaxWorkloadTokens))
      ->capture_default_str();
  command.add_option("--output-len", lengths.output_len, "Tokens of an answer (1 to 1048576)")
      ->check(CLI::Range(1, kMaxWorkloadTokens))
      ->capture_default_str();
  command
      .add_option("--random-range-ratio", lengths.range_ratio,
                  "Random lengths differ by up to this share (0 to 0.99)")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  command
      .add_option("--turns", lengths.turns,
                  "User turns of a conversation; each sends what was said before (1 to 1000)")
      ->check(CLI::Range(1, kMaxTurns))
      ->capture_default_str();
  command.add_flag("--ignore-eos", sampling.ignore_eos,
                   "Answers of exactly --output-len tokens (always with random prompts)");
  command.add_option("--temperature", sampling.temperature, "0 to 100")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command.add_option("--seed", sampling.seed, "Of prompts, arrivals and sampling")
      ->capture_default_str();
  command.add_flag("--check-answers", flags.options.check_answers,
                   "Ask each prompt alone first; other answers under load are failures");
}

void add_report_flags(CLI::App& command, ServeBenchFlags& flags) {
  command.add_option("--goodput", flags.goodput,
                     "What a good request keeps to, in ms: ttft:500 tpot:100 e2el:5000");
  command.add_option("--percentile-metrics", flags.metrics, "Of ttft, tpot, itl, e2el")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command.add_option("--metric-percentiles", flags.asked.ranks, "Above 0, below 100")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0.001, 99.999))
      ->capture_default_str();
  command.add_flag("--json", flags.json, "Print JSON instead of a table");
}

}  // namespace

void add_bench_serve_command(CLI::App& bench, std::function<Status()> before, int& exit_code) {
  auto flags = std::make_shared<ServeBenchFlags>();
  CLI::App* command =
      bench.add_subcommand("serve", "The times and failures of a running server under load");
  add_load_flags(*command, *flags);
  add_prompt_flags(*command, *flags);
  add_report_flags(*command, *flags);
  command->callback([flags, before = std::move(before), &exit_code] {
    Status status = before();
    if (status) status = run(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
