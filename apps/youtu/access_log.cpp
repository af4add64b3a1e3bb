#include "access_log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <mutex>
#include <utility>

#include "base/json.h"

namespace youtu {

namespace {

constexpr size_t kQueueLines = 8192;
constexpr size_t kMaxPathBytes = 256;

// "2026-01-02T03:04:05.678Z".
std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms);
}

// Takes lines from the queue's thread. spdlog's own file sinks cannot be opened again, which those
// who rename logs from outside rely on.
class LogFileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void use(LogFile file) {
    const std::scoped_lock lock(mutex_);
    file_ = std::move(file);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    file_.write(std::string(message.payload.data(), message.payload.size()) + "\n");
  }
  void flush_() override {}

 private:
  LogFile file_;
};

}  // namespace

// No query, no fields and no body: keys and prompts lie there.
std::string access_line(const http::ExchangeRecord& record, const std::string& time) {
  OrderedJson json;
  json["time"] = time;
  json["request_id"] = record.request.request_id;
  json["address"] = record.request.peer_address;
  json["client"] = record.request.client;
  json["method"] = record.request.method.substr(0, kMaxPathBytes);
  json["path"] = record.request.path.substr(0, kMaxPathBytes);
  json["status"] = record.status;
  json["complete"] = record.is_complete;
  json["bytes"] = record.bytes_sent;
  json["ms"] = std::round(record.seconds * 1e4) / 10;
  return dump_json(json);
}

struct AccessLog::Writer {
  std::shared_ptr<LogFileSink> sink = std::make_shared<LogFileSink>();
  std::shared_ptr<spdlog::details::thread_pool> queue =
      std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "access", sink, queue, spdlog::async_overflow_policy::overrun_oldest);
};

AccessLog::AccessLog() = default;
AccessLog::~AccessLog() = default;

void AccessLog::use(LogFile file) {
  const bool is_on = file.is_open();
  if (!is_on) is_on_ = false;
  if (!writer_ && is_on) writer_ = std::make_unique<Writer>();
  if (writer_) writer_->sink->use(std::move(file));
  if (is_on) is_on_ = true;
}

void AccessLog::write(const http::ExchangeRecord& record) {
  if (is_on_) writer_->logger->info("{}", access_line(record, utc_now()));
}

}  // namespace youtu
