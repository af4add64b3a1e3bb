// The program `youtu`: reads the command line and runs one subcommand.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/describe_exception.h"
#include "commands.h"
#include "out_of_memory.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{"youtu: run Youtu-LLM on your own machine", "youtu"};
  app.set_version_flag("--version", "youtu " YOUTU_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  int exit_code = youtu::kExitOk;
  youtu::add_serve_command(app, exit_code);
  youtu::add_plan_command(app, exit_code);
  youtu::add_chat_command(app, exit_code);
  youtu::add_generate_command(app, exit_code);
  youtu::add_inspect_command(app, exit_code);
  youtu::add_pack_command(app, exit_code);
  youtu::add_eval_command(app, exit_code);
  youtu::add_bench_command(app, exit_code);
  youtu::add_doctor_command(app, exit_code);
  youtu::add_healthcheck_command(app, exit_code);
  youtu::add_pull_command(app, exit_code);
  youtu::add_list_command(app, exit_code);
  youtu::add_rm_command(app, exit_code);
  youtu::add_completion_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {  // --help and --version
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "error: %s (see --help)\n", error.what());
    return youtu::kExitConfiguration;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  youtu::end_when_out_of_memory();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // of a library; ours never throw
    std::fprintf(stderr, "error: %s\n", youtu::describe_exception(error).c_str());
    return youtu::kExitModel;
  }
}
