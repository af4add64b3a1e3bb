// The notice board: the engine's thread posts its numbers once per step, anyone reads them at any
// time.
#pragma once

#include <mutex>

#include "engine/load_forecast.h"
#include "youtu/engine.h"

namespace youtu {

class StatsBoard {
 public:
  void post(const EngineStats& stats, const LoadForecast& forecast) {
    const std::scoped_lock lock(mutex_);
    stats_ = stats;
    forecast_ = forecast;
  }
  LoadForecast read_forecast() const {
    const std::scoped_lock lock(mutex_);
    return forecast_;
  }
  EngineStats read() const {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  EngineStats stats_;
  LoadForecast forecast_;
};

}  // namespace youtu
