// How far a server is on its way to its first answer.
#pragma once

#include <chrono>
#include <mutex>

namespace youtu {

// In the order in which they come; there is no pull where the model is here.
enum class LoadStage { kPull, kFiles, kWeights };

// Thread-safe.
class LoadProgress {
 public:
  struct Reading {
    LoadStage stage = LoadStage::kFiles;
    double share = 0;    // of the stage, 0 to 1
    double seconds = 0;  // since the stage began
  };

  void note(LoadStage stage, double share) {
    const std::scoped_lock lock(mutex_);
    if (stage != stage_) begin_ = std::chrono::steady_clock::now();
    stage_ = stage;
    share_ = share;
  }

  Reading read() const {
    const std::scoped_lock lock(mutex_);
    const auto elapsed = std::chrono::steady_clock::now() - begin_;
    return {stage_, share_, std::chrono::duration<double>(elapsed).count()};
  }

 private:
  mutable std::mutex mutex_;
  LoadStage stage_ = LoadStage::kFiles;
  double share_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace youtu
