// How much memory an engine would take, found out by going through its start with a backend that
// only measures: there is no second formula that could be wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/model_executor.h"
#include "formats/open_model.h"
#include "model/load_model.h"
#include "youtu/engine.h"
#include "youtu/memory_plan.h"

namespace youtu {

// One thread.
class MemoryPlanner {
 public:
  // REQUIRES: `opened` outlives the planner.
  explicit MemoryPlanner(const OpenedModel& opened) : opened_(opened) {}

  // Errors: the options are not valid for this model.
  Result<MemoryPlan> plan(const EngineOptions& options);
  // With what would help if it does not fit into `available_bytes`.
  Result<MemoryReport> report(const EngineOptions& options, std::optional<int64_t> available_bytes);

 private:
  Result<LoadedModel*> measure_model(const EngineOptions& options);

  const OpenedModel& opened_;
  // By what was asked for as weights, and the precise layers.
  std::map<std::pair<std::string, int>, LoadedModel> measured_;
};

// How the engine loads its model and how much room its executor has, of options that are valid.
Result<LoadOptions> load_options(const OpenedModel& opened, const EngineOptions& options);
ModelExecutorLimits executor_limits(const EngineOptions& options);

}  // namespace youtu
