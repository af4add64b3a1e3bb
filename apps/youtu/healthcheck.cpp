// `youtu healthcheck`: is the server on this machine well? For containers and scripts, which have
// no other program to ask with.
#include "ask_health.h"
#include "commands.h"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace youtu {

namespace {

int check(int port) {
  const std::string answer = ask_health(port);
  if (answer.empty()) {
    fmt::print(stderr, "error: no server answers at 127.0.0.1:{}\n", port);
    return kExitModel;
  }
  const bool is_well = answer.starts_with("HTTP/1.1 200 ");
  const size_t body = answer.find("\r\n\r\n");
  const std::string text = body == std::string::npos ? answer : answer.substr(body + 4);
  fmt::print(is_well ? stdout : stderr, "{}\n", text);
  return is_well ? kExitOk : kExitModel;
}

}  // namespace

void add_healthcheck_command(CLI::App& app, int& exit_code) {
  auto port = std::make_shared<int>(8080);
  CLI::App& command =
      *app.add_subcommand("healthcheck", "Ask the server on this machine whether it is well");
  command.add_option("--port", *port, "its port (default 8080)")->envname("YOUTU_PORT");
  command.footer("Exit code 0: it is; 1: it is loading, closing, stuck or not there.");
  command.callback([port, &exit_code] {
    // Not a check of the option: that would judge the variable for every other command as well, and
    // a server may be asked for any free port.
    if (*port < 1 || *port > 65535) {
      throw CLI::ValidationError("--port", fmt::format("Value {} not in range 1 to 65535", *port));
    }
    exit_code = check(*port);
  });
}

}  // namespace youtu
