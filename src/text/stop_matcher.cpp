#include "text/stop_matcher.h"

#include "base/check.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace youtu {

Result<StopMatcher> StopMatcher::create(std::vector<std::string> stops) {
  if (stops.size() > kMaxStopStrings) {
    return Status::invalid_argument(std::to_string(stops.size()) + " stop strings (at most " +
                                        std::to_string(kMaxStopStrings) + ")",
                                    "stop", "out_of_range");
  }
  for (const std::string& stop : stops) {
    if (stop.empty() || stop.size() > kMaxStopStringBytes) {
      return Status::invalid_argument("a stop string has " + std::to_string(stop.size()) +
                                          " bytes (1 to " + std::to_string(kMaxStopStringBytes) +
                                          ")",
                                      "stop", "out_of_range");
    }
    if (!is_utf8(stop)) {
      return Status::invalid_argument("a stop string is not UTF-8", "stop", "invalid_utf8");
    }
  }
  StopMatcher matcher;
  matcher.stops_ = std::move(stops);
  return matcher;
}

std::string StopMatcher::append(std::string_view text) {
  CHECK(!matched_);
  pending_ += text;
  std::string out;
  if (take_match(out)) return out;
  const size_t whole = pending_.size() - held_back();
  out = pending_.substr(0, whole);
  pending_.erase(0, whole);
  return out;
}

std::string StopMatcher::finish() {
  return std::exchange(pending_, std::string());
}

bool StopMatcher::take_match(std::string& text) {
  const std::string* best = nullptr;
  size_t best_end = std::string::npos;
  for (const std::string& stop : stops_) {
    const size_t begin = pending_.find(stop);
    if (begin == std::string::npos) continue;
    const size_t end = begin + stop.size();
    if (!best || end < best_end || (end == best_end && stop.size() > best->size())) {
      best = &stop;
      best_end = end;
    }
  }
  if (!best) return false;
  text = pending_.substr(0, best_end - best->size());
  pending_.clear();
  matched_string_ = *best;
  matched_ = true;
  return true;
}

// Length of the longest end of `pending_` that is the beginning of a stop string.
size_t StopMatcher::held_back() const {
  const std::string_view pending = pending_;
  size_t longest = 0;
  for (const std::string& stop : stops_) {
    for (size_t n = std::min(stop.size() - 1, pending.size()); n > longest; --n) {
      if (std::string_view(stop).starts_with(pending.substr(pending.size() - n))) longest = n;
    }
  }
  return longest;
}

}  // namespace youtu
