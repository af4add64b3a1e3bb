// What to set otherwise where memory is short: for one configuration, which single settings would
// make it fit, and what it would take then.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "youtu/engine.h"
#include "youtu/memory_plan.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxRemedies = 3;

struct RemedySearch {
  EngineOptions options;  // that do not fit
  int64_t available_bytes = 0;
  // What options take at the start; an error for those that are not valid. More of a number never
  // takes less.
  std::function<Result<int64_t>(const EngineOptions&)> need = {};
};

// Fills in `report.remedies`, or `report.least_bytes` if there are none. Settings that change no
// answer are asked first, then those that round, last those that shorten conversations or round
// much. Where no single one suffices, several together are one remedy.
void find_remedies(const RemedySearch& search, MemoryReport& report);

}  // namespace youtu
