#include "server/serving_state.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {

namespace {

class PinnedSettings : public http::Admission {
 public:
  PinnedSettings(std::shared_ptr<const RequestSettings> settings,
                 std::shared_ptr<const http::Admission> inner)
      : settings_(std::move(settings)), inner_(std::move(inner)) {}

  const std::shared_ptr<const RequestSettings>& settings() const { return settings_; }
  std::vector<http::Field> fields() const override {
    return inner_ ? inner_->fields() : std::vector<http::Field>();
  }

 private:
  const std::shared_ptr<const RequestSettings> settings_;
  const std::shared_ptr<const http::Admission> inner_;
};

}  // namespace

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
  return model_name_.empty() && engine_.load() ? engine_model_name_ : model_name_;
}

bool ServingState::knows_model(std::string_view name, const RequestSettings& settings) const {
  const std::vector<std::string>& aliases = settings.model_aliases;
  return name == model_name() || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

void ServingState::change(RequestSettings settings) {
  auto next = std::make_shared<const RequestSettings>(std::move(settings));
  const std::scoped_lock lock(mutex_);
  settings_ = std::move(next);
}

std::shared_ptr<const RequestSettings> ServingState::settings() const {
  const std::scoped_lock lock(mutex_);
  return settings_;
}

void ServingState::pin_settings(http::Request& request) const {
  request.admission = std::make_shared<PinnedSettings>(settings(), std::move(request.admission));
}

std::shared_ptr<const RequestSettings> ServingState::settings_of(
    const http::Request& request) const {
  const auto* pinned = dynamic_cast<const PinnedSettings*>(request.admission.get());
  return pinned ? pinned->settings() : settings();
}

}  // namespace youtu
