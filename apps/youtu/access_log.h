// One line of JSON for each request, for those who run the server: what was asked for and how it
// ended, never what was said.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "http/server.h"
#include "log_file.h"

namespace youtu {

// The lines are written by a thread of their own; where the disk does not keep up, the oldest that
// wait are dropped: a log must not stop a server. One thread may write while another calls use().
class AccessLog {
 public:
  AccessLog();
  ~AccessLog();  // what waits is written first

  // Where lines go from now on; none are made for a file that is not open. May wait for the disk.
  void use(LogFile file);
  // What http::ServerOptions::on_exchange is told. Never blocks.
  void write(const http::ExchangeRecord& record);

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;  // none before the first file
  std::atomic<bool> is_on_ = false;
};

// The line, without its end: at most 4 KiB.
std::string access_line(const http::ExchangeRecord& record, const std::string& time);

}  // namespace youtu
