// `youtu bench serve`, a subcommand of `youtu bench`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "youtu/status.h"

namespace youtu {

// `before` is asked first, and what it refuses ends the command.
void add_bench_serve_command(CLI::App& bench, std::function<Status()> before, int& exit_code);

}  // namespace youtu
