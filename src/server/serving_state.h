// What all APIs of a server share: the engine once there is one, whether the server is closing, the
// names that the model goes by, and the settings of requests.
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"
#include "server/load_progress.h"
#include "server/reload_record.h"
#include "server/request_settings.h"
#include "youtu/engine.h"
#include "youtu/status.h"

namespace youtu {

struct ServingOptions {
  std::string model_name;  // empty: the name that the engine's model has
  RequestSettings requests;
};

// Thread-safe. It is there from the first moment; until attach() and after begin_drain() it says
// that it is not ready.
class ServingState {
 public:
  explicit ServingState(ServingOptions options)
      : model_name_(std::move(options.model_name)),
        start_time_(std::time(nullptr)),
        reloads_(start_time_),
        settings_(std::make_shared<const RequestSettings>(std::move(options.requests))) {}
  ServingState(const ServingState&) = delete;
  ServingState& operator=(const ServingState&) = delete;

  // REQUIRES: the engine outlives the server. Call once.
  void attach(Engine& engine);
  void begin_drain() { draining_ = true; }
  // Answers under way end with an error when they are next looked at (http::Server::wake()).
  void cut_off() { is_cut_off_ = true; }

  // Ok, or kUnavailable with reason "loading" or "draining", or what the engine says of its health.
  Status readiness() const;
  // Ok, or why no request can be taken now: not ready, or full. Cheap: whoever storms a full server
  // shall not take its processors as well.
  Status check_room() const;
  // The same for http::Endpoint::refuse, in the words that an API has for a Status.
  std::function<std::optional<http::Response>()> refusal_without_room(
      http::Response (*say)(const Status&)) const;
  LoadProgress& loading() { return loading_; }
  const LoadProgress& loading() const { return loading_; }
  // The server's own numbers, for /metrics. Set before the routes are served; may be empty.
  std::function<http::ServerStats()> http_stats;
  // Null until attach().
  Engine* engine() const { return engine_.load(); }
  // REQUIRES: readiness() was ok.
  Engine& ready_engine() const { return *engine_.load(); }

  const std::string& model_name() const;
  bool knows_model(std::string_view name, const RequestSettings& settings) const;
  std::time_t start_time() const { return start_time_; }  // Unix seconds
  const std::atomic<bool>* is_cut_off() const { return &is_cut_off_; }

  ReloadRecord& reloads() { return reloads_; }
  const ReloadRecord& reloads() const { return reloads_; }

  // Requests that begin from now on have these settings.
  void change(RequestSettings settings);
  // The request keeps the settings of this moment, beside what it has been admitted with.
  void pin_settings(http::Request& request) const;
  // Those that were pinned, or else those of this moment.
  std::shared_ptr<const RequestSettings> settings_of(const http::Request& request) const;

 private:
  std::shared_ptr<const RequestSettings> settings() const;

  const std::string model_name_;
  const std::time_t start_time_;
  LoadProgress loading_;
  ReloadRecord reloads_;
  mutable std::mutex mutex_;  // guards the next
  std::shared_ptr<const RequestSettings> settings_;
  std::string engine_model_name_;  // written before engine_, read only after it
  std::atomic<Engine*> engine_{nullptr};
  std::atomic<bool> draining_{false};
  std::atomic<bool> is_cut_off_{false};
};

}  // namespace youtu
