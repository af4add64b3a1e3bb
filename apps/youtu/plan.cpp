// `youtu plan`: the memory that `youtu serve` would take with the same settings, before any of it
// is taken, and whether it fits.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "find_model.h"
#include "memory_report.h"
#include "report_error.h"
#include "setting_flags.h"
#include "youtu/engine.h"

namespace youtu {

namespace {

struct PlanFlags {
  SettingFlags settings;
  bool json = false;
};

int fail(int exit_code, const Status& status) {
  fmt::print(stderr, "error: {}\n", status.message());
  return exit_code;
}

int run_plan(const PlanFlags& flags) {
  const Result<ConfigReport> settings = read_settings(flags.settings);
  if (!settings) return fail(kExitConfiguration, settings.status());
  const Result<std::string> model_path =
      find_model(settings->config.model, {.offline = settings->config.offline});
  if (!model_path) return report_error(model_path.status());
  const EngineOptions options = engine_options(settings->config, *model_path);
  if (const Status status = check_engine_options(options); !status) {
    return fail(kExitConfiguration, status);
  }
  const Result<MemoryReport> report = plan_memory(options);
  if (!report) return report_error(report.status());
  const ServerBuffers buffers = server_buffers(settings->config);
  fmt::print("{}", flags.json ? memory_json(*report, buffers) : memory_table(*report, buffers));
  std::fflush(stdout);
  const Status status = check_memory(*report);
  return status ? kExitOk : fail(kExitModel, status);
}

}  // namespace

void add_plan_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App& command = *app.add_subcommand(
      "plan", "Say how much memory `serve` would take with the same settings, and whether it fits");
  command.add_flag("--json", flags->json, "Print JSON instead of a table");
  add_setting_flags(command, flags->settings);
  command.callback([flags, &exit_code] { exit_code = run_plan(*flags); });
}

}  // namespace youtu
