// What a request is, what an answer is, and how an answer may take its time.
//
// A handler returns either a finished Response or a PendingResponse. Nothing here blocks and
// nothing calls back: the server polls what is pending whenever Server::wake() says that there may
// be progress, so one wake-up serves any number of open answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace youtu::http {

struct Field {
  std::string name;
  std::string value;
};

bool equals_ignoring_case(std::string_view a, std::string_view b);

// What the gate gives to a request on its way: held until the answer is sent.
class Admission {
 public:
  virtual ~Admission() = default;
  // What the head of the answer says of it. On the server's own thread.
  virtual std::vector<Field> fields() const { return {}; }
};

struct Request {
  std::string method;     // as sent: methods are case-sensitive
  std::string path;       // not decoded: routes are compared byte by byte
  std::string query;      // what follows '?', without it
  std::string authority;  // host and port: of an absolute target, else of the Host field
  std::vector<Field> fields;
  std::string body;
  std::string
      request_id;  // of the client's X-Request-Id where it is usable, else made by the server
  int minor_version = 1;     // of HTTP/1.x
  std::string peer_address;  // of the connection, without the port: "127.0.0.1"
  std::string client;        // whose key it showed; empty where the server has no gate
  std::shared_ptr<const Admission> admission;  // of the gate; may be null

  // The first field of that name in any case, or nothing.
  std::optional<std::string_view> field(std::string_view name) const;
  // What follows the last slash of the path: the part that a route's {…} stands for. Not decoded.
  std::string_view last_segment() const;
};

// A body that is produced over time. Polled on the server's own thread: poll() must not block.
class BodyStream {
 public:
  struct Chunk {
    std::string bytes;
    bool done = false;  // these are the last bytes
  };
  virtual ~BodyStream() = default;
  virtual Chunk poll() = 0;
  // Sent when the body has been silent for a while, so that proxies keep the connection. May be
  // empty.
  virtual std::string_view heartbeat() const { return {}; }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Field> fields;  // besides those that the server adds itself
  std::string body;
  std::unique_ptr<BodyStream> stream;  // if set, the body comes from here and `body` is not used
  bool close = false;                  // end the connection after this answer
};

// An answer that is not there yet. Polled like a BodyStream; destroyed early when the client goes
// away.
class PendingResponse {
 public:
  virtual ~PendingResponse() = default;
  virtual std::optional<Response> poll() = 0;
};

using Reply = std::variant<Response, std::unique_ptr<PendingResponse>>;

// Runs on a worker thread, so it may take some milliseconds; several run at once.
using Handler = std::function<Reply(const Request&)>;

// What a path leads to.
struct Endpoint {
  Handler handler;
  // Asked on the server's own thread, with the request read and no worker called yet: nothing, or
  // the refusal. Must not block. Where more is asked than can be answered, refusing must be cheap.
  std::function<std::optional<Response>()> refuse;
};

std::string_view reason_phrase(int status);

// {"error":{"message":…,"type":…,"param":…,"code":…}}; an empty param or code is null.
Response error_response(int status, std::string_view message, std::string_view param = {},
                        std::string_view code = {});

// The error as an object, for streams that have begun: {"error":{…}}.
std::string error_body(int status, std::string_view message, std::string_view param,
                       std::string_view code);

// How the server frames a response on the wire.
struct Framing {
  bool keep_alive = true;
  bool chunked = false;  // a stream to an HTTP/1.1 client
  std::string_view request_id;
};

// Status line, fields and the empty line. Control characters in field values become '?', so that no
// value can add a field of its own.
std::string response_head(const Response& response, const Framing& framing);

}  // namespace youtu::http
