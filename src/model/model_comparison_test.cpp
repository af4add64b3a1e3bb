#include "model/model_comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "tests/support/toy_model.h"

namespace youtu {
namespace {

constexpr int32_t kVocab = 96;

LoadedModel load_toy(uint64_t seed = 1) {
  auto loaded = load_model(make_toy_model(kVocab, seed), {.isa = "scalar", .num_threads = 1});
  CHECK(loaded.is_ok());
  return std::move(*loaded);
}

std::vector<TokenId> random_text(size_t count) {
  std::vector<TokenId> tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(random_unit(7, i) * kVocab));
  }
  return tokens;
}

std::vector<PositionComparison> compare(const ComparedModel& reference, const ComparedModel& tested,
                                        const ComparisonText& text) {
  auto positions = compare_models(reference, tested, text, [](int64_t) {});
  EXPECT_TRUE(positions.is_ok()) << positions.status().message();
  return positions.is_ok() ? *positions : std::vector<PositionComparison>();
}

const TeacherForcingOptions kExact = {.chunk = 16};
const TeacherForcingOptions kBf16Cache = {.cache_dtype = CacheDType::kBF16, .chunk = 16};

TEST(CompareModelsTest, AModelIsExactlyItself) {
  LoadedModel model = load_toy(), twin = load_toy();
  for (LoadedModel* reference : {&model, &twin}) {
    const auto positions =
        compare({reference, kExact}, {&model, kExact}, {{}, random_text(100), 40});
    ASSERT_EQ(positions.size(), 100u);
    for (const PositionComparison& position : positions) {
      EXPECT_EQ(position.divergence, 0);
      EXPECT_EQ(position.reference_top, position.tested_top);
      EXPECT_EQ(position.reference_log_prob, position.tested_log_prob);
    }
  }
}

TEST(CompareModelsTest, OneModelTwiceIsTwoModels) {
  LoadedModel model = load_toy(), twin = load_toy();
  const ComparisonText text = {{3}, random_text(90), 48};
  const auto shared = compare({&model, kExact}, {&model, kBf16Cache}, text);
  const auto apart = compare({&twin, kExact}, {&model, kBf16Cache}, text);
  ASSERT_EQ(shared.size(), apart.size());
  double sum = 0;
  for (size_t i = 0; i < shared.size(); ++i) {
    EXPECT_EQ(shared[i].divergence, apart[i].divergence);
    EXPECT_EQ(shared[i].tested_log_prob, apart[i].tested_log_prob);
    sum += shared[i].divergence;
  }
  EXPECT_GT(sum, 0);
}

TEST(CompareModelsTest, AgreesWithTheLogitsOfTeacherForcing) {
  LoadedModel model = load_toy(1), other = load_toy(2);
  const std::vector<TokenId> tokens = random_text(30);
  std::vector<float> expected, found;
  const auto append_to = [](std::vector<float>& all) {
    return [&all](std::span<const float> rows) {
      all.insert(all.end(), rows.begin(), rows.end());
      return Status::ok();
    };
  };
  ASSERT_TRUE(run_teacher_forced(model, tokens, kExact, append_to(expected)));
  ASSERT_TRUE(run_teacher_forced(other, tokens, kExact, append_to(found)));
  const auto positions = compare({&model, kExact}, {&other, kExact}, {{}, tokens, 30});
  ASSERT_EQ(positions.size(), tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const TokenId next = i + 1 < tokens.size() ? tokens[i + 1] : kNoNextToken;
    const auto alone = compare_logits(std::span(expected).subspan(i * kVocab, kVocab),
                                      std::span(found).subspan(i * kVocab, kVocab), next);
    ASSERT_TRUE(alone);
    EXPECT_EQ(positions[i].divergence, alone->divergence);
    EXPECT_EQ(positions[i].next, next);
    EXPECT_EQ(positions[i].tested_log_prob, alone->tested_log_prob);
  }
}

TEST(CompareModelsTest, WindowsBeginAfreshWithThePrefix) {
  LoadedModel model = load_toy(1), other = load_toy(2);
  const std::vector<TokenId> tokens = random_text(25);
  const ComparisonText text = {{5, 6}, tokens, 12};  // 10, 10 and 5 tokens of the text
  EXPECT_EQ(text.num_windows(), 3);
  const auto positions = compare({&model, kExact}, {&other, kExact}, text);
  ASSERT_EQ(positions.size(), 12u + 12u + 7u);
  const std::vector<TokenId> last = {5,          6,          tokens[20], tokens[21],
                                     tokens[22], tokens[23], tokens[24]};
  const auto alone = compare({&model, kExact}, {&other, kExact}, {{}, last, 7});
  for (size_t i = 0; i < last.size(); ++i) {
    EXPECT_EQ(positions[24 + i].divergence, alone[i].divergence);
    EXPECT_EQ(positions[24 + i].next, alone[i].next);
  }
  EXPECT_EQ(positions[1].next, tokens[0]);  // every token of the text is predicted once
  EXPECT_EQ(positions[11].next, kNoNextToken);
  EXPECT_EQ(positions[13].next, tokens[10]);
  EXPECT_EQ(summarize(positions).num_predictions, 25 + 3);
}

TEST(CompareModelsTest, ProgressCountsTheText) {
  LoadedModel model = load_toy();
  std::vector<int64_t> seen;
  const ComparisonText text = {{5}, random_text(20), 9};
  ASSERT_TRUE(compare_models({&model, kExact}, {&model, kExact}, text,
                             [&](int64_t done) { seen.push_back(done); }));
  EXPECT_EQ(seen, (std::vector<int64_t>{8, 16, 20}));
}

TEST(CompareModelsTest, BadWindowsAndTokensAreRefused) {
  const std::vector<TokenId> tokens = random_text(10);
  const auto param = [](const ComparisonText& text) {
    return check_comparison_text(text, 512, kVocab).param();
  };
  EXPECT_EQ(param({{}, tokens, 1}), "window");
  EXPECT_EQ(param({{1}, tokens, 2}), "window");
  EXPECT_EQ(param({{}, tokens, 513}), "window");
  EXPECT_EQ(param({{}, {1, kVocab}, 10}), "tokens");
  EXPECT_EQ(param({{}, {1, -1}, 10}), "tokens");
  EXPECT_EQ(param({{kVocab}, tokens, 10}), "tokens");
  EXPECT_TRUE(check_comparison_text({{1}, tokens, 3}, 512, kVocab));
  EXPECT_TRUE(check_comparison_text({{}, tokens, 512}, 512, kVocab));
}

TEST(CompareModelsTest, AModelThatComputesNoNumbersIsAnErrorThatNamesThePosition) {
  OpenedModel opened = make_toy_model(kVocab, 1);
  for (const TensorView& view : opened.tensors->tensors()) {
    if (view.name != "model.embed_tokens.weight") continue;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(const_cast<uint8_t*>(view.data.data()) + 9 * view.row_length() * 4, &nan, 4);
  }
  auto broken = load_model(opened, {.isa = "scalar", .num_threads = 1});
  ASSERT_TRUE(broken);
  LoadedModel good = load_toy();
  const auto result =
      compare_models({&good, kExact}, {&*broken, kExact}, {{}, {1, 2, 9, 3}, 4}, [](int64_t) {});
  ASSERT_FALSE(result);
  // The embedding is the head too, so that every row has a logit of that token.
  EXPECT_EQ(result.status().message(), "position 0: a logit of the tested model is not finite");
}

}  // namespace
}  // namespace youtu
