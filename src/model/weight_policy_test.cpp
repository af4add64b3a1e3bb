#include "model/weight_policy.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

using Kind = WeightForm::Kind;

TEST(WeightPolicy, ReadsForms) {
  const struct {
    std::string_view text;
    WeightForm form;
  } cases[] = {
      {"exact", {Kind::kExact}},
      {"auto", {Kind::kAuto}},
      {"bf16", {Kind::kBF16}},
      {"q8", {Kind::kPacked, {.bits = 8, .group = 32, .has_min = false}}},
      {"q4g128", {Kind::kPacked, {.bits = 4, .group = 128, .has_min = false}}},
      {"q4z", {Kind::kPacked, {.bits = 4, .group = 32, .has_min = true}}},
      {"q8g64z", {Kind::kPacked, {.bits = 8, .group = 64, .has_min = true}}},
  };
  for (const auto& c : cases) {
    const auto policy = parse_weight_policy(c.text);
    ASSERT_TRUE(policy) << c.text;
    EXPECT_EQ(policy->form(WeightKind::kGate), c.form) << c.text;
  }
}

TEST(WeightPolicy, FourBitsKeepHeadAndKvBFiner) {
  const auto policy = parse_weight_policy("q4");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->form(WeightKind::kDown).format.bits, 4);
  EXPECT_EQ(policy->form(WeightKind::kHead).format.bits, 8);
  EXPECT_EQ(policy->form(WeightKind::kKvB).format.bits, 8);
}

TEST(WeightPolicy, RulesComeAfterTheForm) {
  const auto policy = parse_weight_policy("q4,head=q4g64,attn=bf16,kv_b=exact");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->form(WeightKind::kHead).format, (PackedFormat{.bits = 4, .group = 64}));
  EXPECT_EQ(policy->form(WeightKind::kQA).kind, Kind::kBF16);
  EXPECT_EQ(policy->form(WeightKind::kO).kind, Kind::kBF16);
  EXPECT_EQ(policy->form(WeightKind::kKvB).kind, Kind::kExact);
  EXPECT_EQ(policy->form(WeightKind::kUp).format.bits, 4);
}

TEST(WeightPolicy, NamesWhatIsWrong) {
  const struct {
    std::string_view text;
    std::string_view message;
  } cases[] = {
      {"", "there is no form \"\""},
      {"q5", "there is no form \"q5\""},
      {"q4g16", "there is no form \"q4g16\""},
      {"q4,", "\"\" is no rule"},
      {"q4,head", "\"head\" is no rule"},
      {"q4,neck=q8", "there is no matrix \"neck\""},
      {"q4,head=q3", "there is no form \"q3\""},
  };
  for (const auto& c : cases) {
    const auto policy = parse_weight_policy(c.text);
    ASSERT_FALSE(policy) << c.text;
    EXPECT_NE(policy.status().message().find(c.message), std::string::npos)
        << policy.status().message();
    EXPECT_EQ(policy.status().param(), "weights");
  }
}

}  // namespace
}  // namespace youtu
