// The notice board: the engine's thread posts its numbers once per step, anyone reads them at any
// time.
#pragma once

#include <mutex>

#include "youtu/engine.h"

namespace youtu {

class StatsBoard {
 public:
  void post(const EngineStats& stats) {
    const std::scoped_lock lock(mutex_);
    stats_ = stats;
  }
  EngineStats read() const {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  EngineStats stats_;
};

}  // namespace youtu
