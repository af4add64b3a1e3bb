#include "server/serving_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace youtu {
namespace {

RequestSettings settings_named(const std::string& preset) {
  RequestSettings settings;
  settings.preset = settings.openai_preset = preset;
  settings.model_aliases = {preset};
  return settings;
}

TEST(ServingState, ARequestKeepsTheSettingsThatItBeganWith) {
  ServingState state({.model_name = "m", .requests = settings_named("old")});
  http::Request begun;
  state.pin_settings(begun);
  state.change(settings_named("new"));
  EXPECT_EQ(state.settings_of(begun)->preset, "old");
  EXPECT_TRUE(state.knows_model("old", *state.settings_of(begun)));
  EXPECT_FALSE(state.knows_model("new", *state.settings_of(begun)));
  http::Request later;
  EXPECT_EQ(state.settings_of(later)->preset, "new");
  EXPECT_TRUE(state.knows_model("m", *state.settings_of(later)));
}

// What the gate has given stays with the request, and what it says is still said.
TEST(ServingState, PinnedSettingsKeepTheAdmission) {
  struct Key : http::Admission {
    std::vector<http::Field> fields() const override { return {{"X-Key", "1"}}; }
  };
  const ServingState state(ServingOptions{});
  http::Request request;
  state.pin_settings(request);
  EXPECT_TRUE(request.admission->fields().empty());
  const auto key = std::make_shared<const Key>();
  request.admission = key;
  state.pin_settings(request);
  EXPECT_EQ(key.use_count(), 2);
  EXPECT_EQ(request.admission->fields().front().name, "X-Key");
}

TEST(ServingState, NoRequestSeesHalfOfAChange) {
  ServingState state({.model_name = "m", .requests = settings_named("a")});
  std::atomic<bool> stopping{false};
  std::atomic<int> num_seen{0};
  std::thread reader([&] {
    while (!stopping) {
      http::Request request;
      state.pin_settings(request);
      const auto settings = state.settings_of(request);
      EXPECT_EQ(settings->preset, settings->openai_preset);
      EXPECT_EQ(settings->preset, settings->model_aliases.front());
      ++num_seen;
    }
  });
  for (int round = 0; round < 1'000 || num_seen < 100; ++round) {
    state.change(settings_named(round % 2 == 0 ? "b" : "a"));
  }
  stopping = true;
  reader.join();
}

}  // namespace
}  // namespace youtu
