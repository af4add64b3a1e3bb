// One line of JSON for each request, for those who run the server: what was asked for and how it
// ended, never what was said.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/server.h"
#include "youtu/status.h"

namespace youtu {

struct AccessLogOptions {
  std::string file;                     // "-": the standard error
  int64_t max_file_bytes = 64ll << 20;  // then it is renamed to <file>.1, and so on
  int64_t max_files = 5;                // with the one that is written
};

// What http::ServerOptions::on_exchange takes. The lines are written by a thread of their own;
// where the disk does not keep up, the oldest that wait are dropped: a log must not stop a server.
Result<std::function<void(const http::ExchangeRecord&)>> open_access_log(
    const AccessLogOptions& options);

// The line, without its end.
std::string access_line(const http::ExchangeRecord& record, const std::string& time);

}  // namespace youtu
