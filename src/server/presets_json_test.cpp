#include "server/presets_json.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/json.h"
#include "youtu/sampling_params.h"

namespace youtu {
namespace {

Json body() {
  return *parse_json(presets_body("quality"));
}

TEST(PresetsJson, HasEveryPresetWithItsValues) {
  const Json json = body();
  EXPECT_EQ(json["default"], "quality");
  ASSERT_EQ(json["presets"].size(), sampling_presets().size());
  const Json& speed = json["presets"][0];
  EXPECT_EQ(speed["name"], "speed");
  EXPECT_FALSE(speed["description"].get<std::string>().empty());
  EXPECT_EQ(speed["parameters"]["temperature"], 0.3);
  EXPECT_EQ(speed["parameters"]["top_k"], 30);
  EXPECT_EQ(speed["parameters"]["loop_guard"], "stop");
  EXPECT_FALSE(speed["parameters"].contains("seed"));
}

TEST(PresetsJson, HasARangeForEveryNumberOfAPreset) {
  const Json json = body();
  std::set<std::string> numbers;
  for (const auto& [name, value] : json["presets"][0]["parameters"].items()) {
    if (value.is_number()) numbers.insert(name);
  }
  std::set<std::string> ranges;
  for (const Json& range : json["parameters"]) ranges.insert(range["name"]);
  EXPECT_EQ(ranges, numbers);
}

TEST(PresetsJson, SaysWhatNumbersMayBe) {
  const Json presets = body();
  for (const Json& range : presets["parameters"]) {
    if (range["name"] == "top_p") {
      EXPECT_EQ(range["type"], "number");
      EXPECT_EQ(range["minimum"], 0.0);
      EXPECT_EQ(range["exclusive_minimum"], true);
    }
    if (range["name"] == "top_k") {
      EXPECT_EQ(range["type"], "integer");
      EXPECT_TRUE(range["maximum"].is_number_integer());
      EXPECT_EQ(range["maximum"], 2147483647);
    }
  }
}

}  // namespace
}  // namespace youtu
