#include "youtu/sampling_params.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>
#include <variant>

namespace youtu {
namespace {

struct RangeCase {
  std::function<void(SamplingParams&)> set;
  const char* param;    // "" if the value is allowed
  const char* message;  // "" if it is not compared
};

TEST(SamplingParams, NamesTheFieldAndItsRange) {
  const double nan = std::nan("");
  const double inf = std::numeric_limits<double>::infinity();
  const RangeCase cases[] = {
      {[](auto&) {}, "", ""},
      {[](auto& p) { p.temperature = 101; }, "temperature", "temperature is 101 (0 to 100)"},
      {[](auto& p) { p.temperature = -0.0; }, "", ""},
      {[](auto& p) { p.explain_tokens = 21; }, "explain_tokens", "explain_tokens is 21 (0 to 20)"},
      {[](auto& p) { p.max_new_tokens = 2049; }, "", ""},
      {[](auto& p) { p.max_new_tokens = 2049, p.explain_tokens = 1; }, "max_new_tokens",
       "max_new_tokens is 2049 (1 to 2048 beside explain_tokens)"},
      {[](auto& p) { p.temperature = 1e-45; }, "", ""},
      {[](auto& p) { p.temperature = -1e-9; }, "temperature", ""},
      {[=](auto& p) { p.temperature = nan; }, "temperature", ""},
      {[=](auto& p) { p.temperature = inf; }, "temperature", ""},
      {[](auto& p) { p.top_k = 0; }, "", ""},
      {[](auto& p) { p.top_k = -1; }, "", ""},
      {[](auto& p) { p.top_k = 1000000; }, "", ""},
      {[](auto& p) { p.top_k = -2; }, "top_k", "top_k is -2 (1 to 2147483647, or 0 or -1 for off)"},
      {[](auto& p) { p.top_k = int64_t{1} << 31; }, "top_k", ""},
      {[](auto& p) { p.top_k = std::numeric_limits<int64_t>::min(); }, "top_k", ""},
      {[](auto& p) { p.top_p = 1.0; }, "", ""},
      {[](auto& p) { p.top_p = 0.0; }, "top_p", "top_p is 0 (above 0, to 1)"},
      {[](auto& p) { p.top_p = 1.01; }, "top_p", ""},
      {[=](auto& p) { p.top_p = nan; }, "top_p", ""},
      {[](auto& p) { p.min_p = 1.0; }, "", ""},
      {[](auto& p) { p.min_p = -1; }, "min_p", ""},
      {[=](auto& p) { p.min_p = nan; }, "min_p", ""},
      {[](auto& p) { p.repetition_penalty = 0; }, "repetition_penalty",
       "repetition_penalty is 0 (0.01 to 10)"},
      {[](auto& p) { p.repetition_penalty = 1e30; }, "repetition_penalty", ""},
      {[=](auto& p) { p.repetition_penalty = nan; }, "repetition_penalty", ""},
      {[](auto& p) { p.presence_penalty = 2.1; }, "presence_penalty", ""},
      {[](auto& p) { p.presence_penalty = -2; }, "", ""},
      {[](auto& p) { p.frequency_penalty = -2.1; }, "frequency_penalty", ""},
      {[](auto& p) { p.no_repeat_ngram_size = 64; }, "", ""},
      {[](auto& p) { p.no_repeat_ngram_size = 65; }, "no_repeat_ngram_size", ""},
      {[](auto& p) { p.no_repeat_ngram_size = -1; }, "no_repeat_ngram_size", ""},
      {[](auto& p) { p.max_new_tokens = 0; }, "max_new_tokens",
       "max_new_tokens is 0 (1 to 1048576)"},
      {[](auto& p) { p.max_new_tokens = 1048576; }, "", ""},
      {[](auto& p) { p.max_new_tokens = 1000000000; }, "max_new_tokens", ""},
      {[](auto& p) { p.stop.assign(16, "x"); }, "", ""},
      {[](auto& p) { p.stop.assign(17, "x"); }, "stop", "stop has 17 strings (at most 16)"},
      {[](auto& p) { p.stop = {""}; }, "stop", "stop has a string of 0 bytes (1 to 256)"},
      {[](auto& p) { p.stop = {std::string(256, 'x')}; }, "", ""},
      {[](auto& p) { p.stop = {std::string(257, 'x')}; }, "stop", ""},
  };
  int index = 0;
  for (const RangeCase& range_case : cases) {
    SCOPED_TRACE(testing::Message() << "case " << index++ << " " << range_case.param);
    SamplingParams params;
    range_case.set(params);
    const Status status = validate(params);
    EXPECT_EQ(status.param(), range_case.param);
    EXPECT_EQ(status.is_ok(), std::string(range_case.param).empty());
    if (!status.is_ok()) {
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
      EXPECT_EQ(status.reason(), "out_of_range");
    }
    if (*range_case.message) {
      EXPECT_EQ(status.message(), range_case.message);
    }
  }
}

TEST(SamplingRanges, HaveTheirUsualValuesInside) {
  for (const SamplingRange& range : sampling_ranges()) {
    SCOPED_TRACE(range.name);
    EXPECT_LT(range.usual_minimum, range.usual_maximum);
    EXPECT_GT(range.step, 0);
    for (const double usual : {range.usual_minimum, range.usual_maximum}) {
      SamplingParams params;
      params.max_new_tokens = 1048576;  // which bounds min_new_tokens
      std::visit(
          [&](auto member) {
            using Value = std::remove_reference_t<decltype(params.*member)>;
            params.*member = static_cast<Value>(usual);
          },
          range.member);
      EXPECT_TRUE(validate(params).is_ok()) << usual;
    }
  }
}

TEST(SamplingPresets, AreTheGuidesThreeAndThePublishedTwo) {
  struct Expected {
    const char* name;
    double temperature;
    int64_t top_k;
    double top_p;
    int64_t max_new_tokens;
    double repetition_penalty;
  };
  const Expected expected[] = {
      {"speed", 0.3, 30, 0.8, 64, 1.1},
      {"balanced", 0.5, 40, 0.9, 128, 1.2},
      {"quality", 0.7, 50, 0.95, 256, 1.3},
      {"recommended", 0.7, 20, 0.8, 512, 1.0},
      {"recommended_thinking", 1.0, 20, 0.95, 1536, 1.05},
  };
  ASSERT_EQ(sampling_presets().size(), std::size(expected));
  for (const Expected& preset : expected) {
    SCOPED_TRACE(preset.name);
    const SamplingPreset* found = find_sampling_preset(preset.name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->params.temperature, preset.temperature);
    EXPECT_EQ(found->params.top_k, preset.top_k);
    EXPECT_EQ(found->params.top_p, preset.top_p);
    EXPECT_EQ(found->params.max_new_tokens, preset.max_new_tokens);
    EXPECT_EQ(found->params.repetition_penalty, preset.repetition_penalty);
    EXPECT_TRUE(validate(found->params).is_ok());
    EXPECT_FALSE(found->description.empty());
  }
  EXPECT_NE(find_sampling_preset(kDefaultPreset), nullptr);
  EXPECT_EQ(find_sampling_preset("fast"), nullptr);
  EXPECT_EQ(find_sampling_preset(""), nullptr);
}

}  // namespace
}  // namespace youtu
