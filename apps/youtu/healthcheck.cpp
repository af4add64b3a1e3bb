// `youtu healthcheck`: is the server on this machine well? For containers and scripts, which have
// no other program to ask with.
#include "ask_health.h"
#include "commands.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace youtu {

namespace {

constexpr int kDefaultPort = 8080;

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

int parse_port(const std::string& name, std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) {
    throw CLI::ValidationError(name, fmt::format("Value {} not in range 1 to 65535", text));
  }
  return port;
}

}  // namespace

void add_healthcheck_command(CLI::App& app, int& exit_code) {
  auto port = std::make_shared<std::string>();
  CLI::App& command =
      *app.add_subcommand("healthcheck", "Ask the server on this machine whether it is well");
  command.add_option("--port", *port, "its port (default $YOUTU_PORT or 8080)");
  command.footer("Exit code 0: it is; 1: it is loading, closing, stuck or not there.");
  command.callback([port, &exit_code] {
    // Neither the variable nor a check is bound to the option: that would judge the variable for
    // every other command as well, and a server may be asked for any free port.
    const char* variable = std::getenv("YOUTU_PORT");
    if (!port->empty()) {
      exit_code = check(parse_port("--port", *port));
    } else {
      exit_code = check(variable && *variable ? parse_port("YOUTU_PORT", variable) : kDefaultPort);
    }
  });
}

}  // namespace youtu
