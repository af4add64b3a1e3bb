#include "text/normalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/utf8.h"

namespace youtu {
namespace {

using testing::HasSubstr;

std::string normalize(std::vector<NormalizerStage> stages, std::string_view text) {
  const auto normalizer = Normalizer::create(stages);
  EXPECT_TRUE(normalizer.is_ok()) << normalizer.status().message();
  if (!normalizer) return {};
  const auto result = normalizer->apply(text);
  return result.is_ok() ? *result : "error: " + result.status().message();
}

std::string normalize(NormalizerKind kind, std::string_view text) {
  return normalize(std::vector<NormalizerStage>{{kind}}, text);
}

// Cases of Unicode's NormalizationTest.txt and of UAX #15.
TEST(Normalizer, MakesTheFourNormalForms) {
  const std::string text = "\u1e9b\u0323";  // long s with two dots
  EXPECT_EQ(normalize(NormalizerKind::kNfc, text), "\u1e9b\u0323");
  EXPECT_EQ(normalize(NormalizerKind::kNfd, text), "\u017f\u0323\u0307");
  EXPECT_EQ(normalize(NormalizerKind::kNfkc, text), "\u1e69");
  EXPECT_EQ(normalize(NormalizerKind::kNfkd, text), "s\u0323\u0307");
  EXPECT_EQ(normalize(NormalizerKind::kNfc, "\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(normalize(NormalizerKind::kNfd, "\ud55c"), "\u1112\u1161\u11ab");
  EXPECT_EQ(normalize(NormalizerKind::kNfc, "\u212b"), "\u00c5");
  EXPECT_EQ(normalize(NormalizerKind::kNfc, "\u0958"),
            "\u0915\u093c");  // excluded from composition
  EXPECT_EQ(normalize(NormalizerKind::kNfkc, "\ufb01\uff21\u00b2"), "fiA2");
  EXPECT_EQ(normalize(NormalizerKind::kNfkc, "\ufdfa").size(), 33u);  // the longest decomposition
  EXPECT_EQ(normalize(NormalizerKind::kNfc, "plain"), "plain");
  EXPECT_EQ(normalize(NormalizerKind::kNfc, ""), "");
}

TEST(Normalizer, OrdersMarksByTheirClass) {
  EXPECT_EQ(normalize(NormalizerKind::kNfd, "a\u0307\u0323"), "a\u0323\u0307");
  EXPECT_EQ(normalize(NormalizerKind::kNfd, "a\u0301\u0300"), "a\u0301\u0300");  // equal: in order
  EXPECT_EQ(normalize(NormalizerKind::kNfc, "q\u0307\u0323"), "q\u0323\u0307");
}

// Half a million marks in the worst order: sorting them by insertion would take hours.
TEST(Normalizer, TakesLongRunsOfMarks) {
  std::string text = "a";
  for (int i = 0; i < 250'000; ++i) text += "\u0307\u0323";
  const std::string result = normalize(NormalizerKind::kNfd, text);
  ASSERT_EQ(result.size(), text.size());
  EXPECT_EQ(result.substr(1, 4), "\u0323\u0323");
  EXPECT_EQ(result.substr(result.size() - 4), "\u0307\u0307");
}

TEST(Normalizer, SimpleStages) {
  EXPECT_EQ(normalize(NormalizerKind::kLowercase, "\u00c5B\u0130\u03a3"), "\u00e5bi\u0307\u03c3");
  EXPECT_EQ(normalize({{NormalizerKind::kNfd}, {NormalizerKind::kStripAccents}}, "\u00e9a"), "ea");
  EXPECT_EQ(normalize(NormalizerKind::kStrip, " \u3000a b\n"), "a b");
  EXPECT_EQ(normalize({{.kind = NormalizerKind::kStrip, .strip_right = false}}, " a "), "a ");
  EXPECT_EQ(normalize({{.kind = NormalizerKind::kPrepend, .content = ">"}}, "a"), ">a");
  EXPECT_EQ(normalize({{.kind = NormalizerKind::kPrepend, .content = ">"}}, ""), "");
  EXPECT_EQ(normalize({{.kind = NormalizerKind::kReplace, .pattern = " ", .content = "_"}}, "a  b"),
            "a__b");
  EXPECT_EQ(normalize({{.kind = NormalizerKind::kReplace,
                        .pattern = R"(\s+)",
                        .pattern_is_regex = true,
                        .content = " "}},
                      "a \n b"),
            "a b");
}

TEST(Normalizer, BoundsGrowth) {
  const NormalizerStage grow{
      .kind = NormalizerKind::kReplace, .pattern = "a", .content = std::string(64, 'a')};
  EXPECT_EQ(normalize({grow}, "aa").size(), 128u);
  EXPECT_THAT(normalize({grow, grow, grow}, "aa"), HasSubstr("grows more than 64-fold"));
  const std::vector<NormalizerStage> bad = {
      {.kind = NormalizerKind::kReplace, .pattern = "(", .pattern_is_regex = true}};
  EXPECT_THAT(Normalizer::create(bad).status().message(), HasSubstr("normalizer: "));
}

}  // namespace
}  // namespace youtu
