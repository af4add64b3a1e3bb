#include "server/serving_state.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {

void ServingState::attach(Engine& engine) {
  engine_model_name_ = engine.model_info().name;
  engine_ = &engine;
}

Status ServingState::readiness() const {
  if (draining_) return {StatusCode::kUnavailable, "the server is closing", {}, "draining"};
  if (!engine_.load()) return {StatusCode::kUnavailable, "the model is loading", {}, "loading"};
  return engine_.load()->health();
}

Status ServingState::check_room() const {
  RETURN_IF_ERROR(readiness());
  return ready_engine().check_room();
}

std::function<std::optional<http::Response>()> ServingState::refusal_without_room(
    http::Response (*say)(const Status&)) const {
  return [this, say]() -> std::optional<http::Response> {
    const Status room = check_room();
    if (room) return std::nullopt;
    return say(room);
  };
}

const std::string& ServingState::model_name() const {
  return options_.model_name.empty() && engine_.load() ? engine_model_name_ : options_.model_name;
}

bool ServingState::knows_model(std::string_view name) const {
  const std::vector<std::string>& aliases = options_.model_aliases;
  return name == model_name() || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

}  // namespace youtu
