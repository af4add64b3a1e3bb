// What GET /metrics says of the engine, under vLLM's names where vLLM has one, so that its
// dashboards, alerts and routers fit, and under ours beside them.
#pragma once

#include <string>
#include <string_view>

#include "youtu/engine.h"
#include "youtu/stats.h"

namespace youtu {

std::string engine_metrics(const EngineStats& stats, const ModelInfo& model,
                           std::string_view model_name);

}  // namespace youtu
