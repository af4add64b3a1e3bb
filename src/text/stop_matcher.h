// Finds the first stop string in a text that arrives in pieces, and lets the rest through as early
// as it can: only what may be the beginning of a stop string waits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

// One per sequence, on its thread. The result does not depend on how the text is cut into pieces:
// the match is the stop string that is complete first (of those that end together, the longest).
class StopMatcher {
 public:
  StopMatcher() = default;  // no stop strings: everything passes at once
  // At most kMaxStopStrings, each 1 to kMaxStopStringBytes bytes of UTF-8. The error's param is
  // "stop".
  static Result<StopMatcher> create(std::vector<std::string> stops);

  // REQUIRES: !matched(). The text that may be shown now; if a stop string is complete, all that is
  // before it.
  std::string append(std::string_view text);
  bool matched() const { return matched_; }
  const std::string& matched_string() const { return matched_string_; }
  // What waits, at the end of the text. Nothing after a match.
  std::string finish();

 private:
  bool take_match(std::string& text);
  size_t held_back() const;

  std::vector<std::string> stops_;
  std::string pending_;
  std::string matched_string_;
  bool matched_ = false;
};

}  // namespace youtu
