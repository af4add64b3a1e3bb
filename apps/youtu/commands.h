// The subcommands of the program: each file of this folder adds one to the command line. A command
// runs in its CLI11 callback and leaves the program's exit code behind, so `main` knows nothing of
// what the commands do.
#pragma once

#include <CLI/CLI.hpp>

namespace youtu {

// What the program's exit code says to scripts.
inline constexpr int kExitOk = 0;
inline constexpr int kExitModel = 1;          // the model or the request to it failed
inline constexpr int kExitConfiguration = 2;  // a flag, a setting or a configuration file is wrong
inline constexpr int kExitInterrupted = 130;  // Ctrl-C, as shells say it

void add_serve_command(CLI::App& app, int& exit_code);
void add_plan_command(CLI::App& app, int& exit_code);
void add_chat_command(CLI::App& app, int& exit_code);
void add_generate_command(CLI::App& app, int& exit_code);
void add_inspect_command(CLI::App& app, int& exit_code);
void add_pack_command(CLI::App& app, int& exit_code);
void add_eval_command(CLI::App& app, int& exit_code);
void add_bench_command(CLI::App& app, int& exit_code);
void add_doctor_command(CLI::App& app, int& exit_code);
void add_healthcheck_command(CLI::App& app, int& exit_code);
void add_pull_command(CLI::App& app, int& exit_code);
void add_list_command(CLI::App& app, int& exit_code);
void add_rm_command(CLI::App& app, int& exit_code);
void add_completion_command(CLI::App& app, int& exit_code);

}  // namespace youtu
