// For tests of the engine's thread: they decide when its steps run.
#pragma once

#include <cstddef>
#include <functional>
#include <semaphore>
#include <vector>

#include "backend/batch_view.h"
#include "youtu/status.h"

namespace youtu::test {

// A gate in front of the steps: each needs a pass, so that a test decides what happens between two
// steps.
class StepGate {
 public:
  std::function<Status(const BatchView&)> hook() {
    return [this](const BatchView& batch) {
      entered_.release();
      passes_.acquire();
      batch_sizes_.push_back(batch.sequences.size());
      return Status::ok();
    };
  }
  void wait_until_entered() { entered_.acquire(); }
  void let_pass(int count = 1) { passes_.release(count); }
  void open() { passes_.release(100000); }
  // REQUIRES: the engine is gone or idle.
  const std::vector<size_t>& batch_sizes() const { return batch_sizes_; }

 private:
  std::counting_semaphore<> entered_{0};
  std::counting_semaphore<> passes_{0};
  std::vector<size_t> batch_sizes_;
};

}  // namespace youtu::test
