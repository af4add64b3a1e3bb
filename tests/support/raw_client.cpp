#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace youtu::test {

namespace {

constexpr int kPatienceMs = 20'000;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

RawClient::RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    close();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool RawClient::read_some() {
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
  std::array<char, 16384> bytes{};
  const ssize_t n = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (n <= 0) return false;
  buffer_.append(bytes.data(), static_cast<size_t>(n));
  return true;
}

bool RawClient::read_until(std::string_view text, std::string* read) {
  size_t found = 0;
  while ((found = buffer_.find(text)) == std::string::npos) {
    if (!read_some()) return false;
  }
  if (read) *read = buffer_.substr(0, found + text.size());
  buffer_.erase(0, found + text.size());
  return true;
}

RawResponse RawClient::read_response() {
  RawResponse response;
  std::string head;
  if (!read_until("\r\n\r\n", &head)) return response;
  response.status = std::atoi(head.c_str() + std::min<size_t>(head.size(), 9));
  for (size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const size_t colon = line.find(": ");
    if (colon != std::string::npos)
      response.fields[lower(line.substr(0, colon))] = line.substr(colon + 2);
    at = end + 2;
  }
  if (response.fields.count("transfer-encoding")) {
    for (;;) {
      std::string line;
      if (!read_until("\r\n", &line)) return response;
      const size_t size = std::strtoul(line.c_str(), nullptr, 16);
      while (buffer_.size() < size + 2) {
        if (!read_some()) return response;
      }
      response.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) return response;
    }
  }
  const auto length = response.fields.find("content-length");
  const size_t size =
      length == response.fields.end() ? 0 : std::strtoul(length->second.c_str(), nullptr, 10);
  while (buffer_.size() < size && read_some()) {
  }
  response.body = buffer_.substr(0, size);
  buffer_.erase(0, response.body.size());
  return response;
}

bool RawClient::closed_by_server() {
  if (!buffer_.empty()) return false;
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
  char byte = 0;
  return ::recv(socket_, &byte, 1, 0) <= 0;
}

void RawClient::reset() {
  const linger abrupt{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
  close();
}

void RawClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

RawResponse get(int port, std::string_view path) {
  RawClient client(port);
  client.send("GET " + std::string(path) +
              " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  return client.read_response();
}

std::string post_request(std::string_view path, std::string_view body,
                         std::string_view more_fields) {
  std::string request = "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  request.append("Content-Type: application/json\r\n").append(more_fields);
  request.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n").append(body);
  return request;
}

RawResponse post_json(int port, std::string_view path, std::string_view body) {
  RawClient client(port);
  client.send(post_request(path, body, "Connection: close\r\n"));
  return client.read_response();
}

std::string join_sse_messages(std::string_view body) {
  std::string text;
  std::string data;
  bool has_data = false;
  bool named = false;
  while (!body.empty()) {
    const size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.empty()) {
      if (has_data && !named) text += data;
      data.clear();
      has_data = named = false;
    } else if (line.starts_with("data:")) {
      line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
      if (has_data) data += '\n';
      data += line;
      has_data = true;
    } else if (line.starts_with("event:")) {
      named = true;
    }
  }
  return text;
}

}  // namespace youtu::test
