// `youtu healthcheck`: is the server on this machine well? For containers and scripts, which have
// no other program to ask with.
#include "commands.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace youtu {

namespace {

constexpr int kTimeoutSeconds = 5;

// The beginning of the answer to GET /health; empty if there is none.
std::string ask(int port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return {};
  const timeval timeout = {kTimeoutSeconds, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view kRequest =
      "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(connection, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(kRequest.size())) {
    std::array<char, 4096> buffer{};
    ssize_t n = 0;
    while (answer.size() < buffer.size() &&
           (n = ::recv(connection, buffer.data(), buffer.size(), 0)) > 0) {
      answer.append(buffer.data(), static_cast<size_t>(n));
    }
  }
  ::close(connection);
  return answer;
}

int check(int port) {
  const std::string answer = ask(port);
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
  command.add_option("--port", *port, "its port (default 8080)")
      ->envname("YOUTU_PORT")
      ->check(CLI::Range(1, 65535));
  command.footer("Exit code 0: it is; 1: it is loading, closing, stuck or not there.");
  command.callback([port, &exit_code] { exit_code = check(*port); });
}

}  // namespace youtu
