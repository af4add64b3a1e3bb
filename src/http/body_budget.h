// How much of request bodies is in memory, all connections together: a limit that many clients
// cannot get around by each keeping to its own.
#pragma once

#include <cstddef>
#include <utility>

namespace youtu::http {

// One thread only.
class BodyBudget {
 public:
  explicit BodyBudget(size_t max_bytes) : max_bytes_(max_bytes) {}
  bool take(size_t bytes) {
    if (bytes > max_bytes_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void give_back(size_t bytes) { used_ -= bytes; }

 private:
  size_t max_bytes_;
  size_t used_ = 0;
};

// A connection's share of the budget; given back when it goes.
class BodyShare {
 public:
  explicit BodyShare(BodyBudget& budget) : budget_(budget) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { release(); }
  bool take(size_t bytes) {
    if (!budget_.take(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  void release() { budget_.give_back(std::exchange(bytes_, 0)); }

 private:
  BodyBudget& budget_;
  size_t bytes_ = 0;
};

}  // namespace youtu::http
