// `youtu doctor`: what one would look at when something is wrong, each with what to do about it.
// It changes nothing, pulls nothing, and looks at all of it even where the first thing is bad.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "commands.h"
#include "doctor_machine.h"
#include "doctor_model.h"
#include "doctor_report.h"
#include "doctor_server.h"
#include "progress_line.h"
#include "setting_flags.h"

namespace youtu {

namespace {

struct DoctorFlags {
  SettingFlags settings;
  bool json = false;
};

// What depends on settings: `findings` gets it, and the weights' size comes back.
std::optional<int64_t> check_server(const ServerConfig& config, std::vector<Finding>& findings) {
  findings.push_back(check_keys(config));
  findings.push_back(check_port(config));
  std::vector<Finding> folders = check_folders(config);
  std::move(folders.begin(), folders.end(), std::back_inserter(findings));
  show_progress("reading the model");
  ModelFindings model = check_model(config);
  findings.push_back(std::move(model.files));
  if (model.memory) findings.push_back(*std::move(model.memory));
  return model.weight_bytes;
}

std::vector<Finding> examine(const DoctorFlags& flags) {
  const LoadWatch watch;
  std::vector<Finding> findings;
  const Result<ConfigReport> settings = read_settings(flags.settings);
  findings.push_back(check_settings(settings));
  const ServerConfig config = settings ? settings->config : ServerConfig();
  std::optional<int64_t> weight_bytes;
  if (settings) weight_bytes = check_server(config, findings);
  findings.push_back(check_processor(config.isa));
  show_progress("comparing the kernels");
  findings.push_back(check_kernel_agreement(config.isa));
  findings.push_back(check_processors(config.threads));
  show_progress("measuring the memory");
  findings.push_back(check_bandwidth(config.isa, config.threads, weight_bytes));
  findings.push_back(check_neighbours(watch));
  show_progress("");
  return findings;
}

int run_doctor(const DoctorFlags& flags) {
  const std::vector<Finding> findings = examine(flags);
  fmt::print("{}", flags.json ? findings_json(findings) : findings_text(findings));
  return worst_of(findings) == Verdict::kBad ? kExitModel : kExitOk;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DoctorFlags>();
  CLI::App& command = *app.add_subcommand(
      "doctor", "Look at the machine, the model and the settings of `serve`, and say what to do");
  command.add_flag("--json", flags->json, "Print JSON instead of lines");
  add_setting_flags(command, flags->settings);
  command.footer(command.get_footer() +
                 "\nExit code 0: nothing is bad; 1: something is; 2: the command line is wrong.");
  command.callback([flags, &exit_code] { exit_code = run_doctor(*flags); });
}

}  // namespace youtu
