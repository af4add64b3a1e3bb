// A client that sends exactly the bytes it is given: for tests of servers, where a well-behaved
// client would be in the way. Blocking, with a limit on every wait.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace youtu::test {

// A response taken apart. `status` is 0 if there was none.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;                           // chunks joined
};

class RawClient {
 public:
  explicit RawClient(int port);  // connects to 127.0.0.1
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(); }

  bool send(std::string_view bytes);
  // The next response on the connection; bytes that follow it are kept for the next call.
  RawResponse read_response();
  // Reads until `text` has arrived (true) or the connection or the time has ended. Gives all that
  // was read.
  bool read_until(std::string_view text, std::string* read);
  // True if the server closes without sending anything more.
  bool closed_by_server();
  void reset();  // closes with RST
  void close();

 private:
  bool read_some();

  int socket_ = -1;
  std::string buffer_;
};

// One request on a connection of its own.
RawResponse get(int port, std::string_view path);
RawResponse post_json(int port, std::string_view path, std::string_view body);
std::string post_request(std::string_view path, std::string_view body,
                         std::string_view more_fields = {});

// The `data` of the unnamed events in a text/event-stream body, put together as the standard says.
std::string join_sse_messages(std::string_view body);

}  // namespace youtu::test
