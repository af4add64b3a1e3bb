#include "access_log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ctime>
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

Result<std::function<void(const http::ExchangeRecord&)>> open_access_log(
    const AccessLogOptions& options) {
  try {
    spdlog::sink_ptr sink;
    if (options.file == "-") {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, static_cast<size_t>(options.max_file_bytes),
          static_cast<size_t>(options.max_files - 1));
    }
    auto pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
    auto logger = std::make_shared<spdlog::async_logger>(
        "access", std::move(sink), pool, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
    return std::function<void(const http::ExchangeRecord&)>(
        [logger, pool](const http::ExchangeRecord& record) {
          logger->info("{}", access_line(record, utc_now()));
        });
  } catch (const spdlog::spdlog_ex& error) {
    return Status::invalid_argument("access_log: " + std::string(error.what()), "access_log");
  }
}

}  // namespace youtu
