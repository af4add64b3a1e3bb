#include "model/tensor_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "formats/tensor_table.h"

namespace youtu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ModelConfig kTiny = {.hidden_size = 8,
                               .intermediate_size = 12,
                               .num_hidden_layers = 2,
                               .num_attention_heads = 3,
                               .q_lora_rank = 5,
                               .kv_lora_rank = 4,
                               .qk_nope_head_dim = 6,
                               .qk_rope_head_dim = 2,
                               .v_head_dim = 7,
                               .vocab_size = 9,
                               .max_position_embeddings = 16,
                               .rope_theta = 10000};

std::vector<TensorView> views_of(const std::vector<ExpectedTensor>& expected) {
  std::vector<TensorView> views;
  for (const ExpectedTensor& tensor : expected)
    views.push_back({tensor.file_name, DType::kF32, tensor.shape, {}});
  return views;
}

// A model of these tensors, without bytes: only names, types and shapes are looked at.
OpenedModel model_of(std::vector<TensorView> views, NameStyle style) {
  OpenedModel model;
  model.path = "model";
  if (style == NameStyle::kGguf) model.description = GgufMetadata();
  model.tensors = std::move(TensorTable::create({}, std::move(views))).value();
  return model;
}

OpenedModel complete_model(NameStyle style, bool split_kv_b) {
  return model_of(views_of(expected_tensors(kTiny, style, split_kv_b)), style);
}

TEST(TensorNamesTest, ThePublishedModelHasItsParameters) {
  const ModelConfig youtu = {.hidden_size = 2048,
                             .intermediate_size = 6144,
                             .num_hidden_layers = 32,
                             .num_attention_heads = 16,
                             .q_lora_rank = 1536,
                             .kv_lora_rank = 512,
                             .qk_nope_head_dim = 128,
                             .qk_rope_head_dim = 64,
                             .v_head_dim = 128,
                             .vocab_size = 128256};
  for (const bool split_kv_b : {false, true}) {
    const auto tensors = expected_tensors(youtu, NameStyle::kHuggingFace, split_kv_b);
    EXPECT_EQ(tensors.size(), split_kv_b ? 418u : 386u);
    int64_t total = 0;
    for (const TensorView& tensor : views_of(tensors)) total += tensor.num_values();
    EXPECT_EQ(total, 1'961'560'064);
  }
}

TEST(TensorNamesTest, NamesAreTranslatedBothWays) {
  const OpenedModel gguf = complete_model(NameStyle::kGguf, true);
  const OpenedModel folder = complete_model(NameStyle::kHuggingFace, false);
  EXPECT_EQ(find_tensor(gguf, "layers.1.mlp.down_proj.weight")->name, "blk.1.ffn_down.weight");
  EXPECT_EQ(find_tensor(gguf, "embed_tokens.weight")->name, "token_embd.weight");
  EXPECT_EQ(find_tensor(folder, "layers.1.mlp.down_proj.weight")->name,
            "model.layers.1.mlp.down_proj.weight");
  EXPECT_EQ(find_tensor(folder, "lm_head.weight"), nullptr);
  EXPECT_EQ(find_tensor(folder, "layers.7.mlp.down_proj.weight"), nullptr);
  EXPECT_THAT(find_tensor(gguf, "layers.0.self_attn.k_b_proj.weight")->shape, ElementsAre(3, 4, 6));
  EXPECT_THAT(find_tensor(gguf, "layers.0.self_attn.v_b_proj.weight")->shape, ElementsAre(3, 7, 4));
  EXPECT_DEATH((void)find_tensor(folder, "layers.0.mlp.nothing"), "has_value");
}

TEST(TensorNamesTest, CompleteModelsPassInEveryForm) {
  EXPECT_TRUE(check_tensors(complete_model(NameStyle::kHuggingFace, false), kTiny));
  EXPECT_TRUE(check_tensors(complete_model(NameStyle::kGguf, true), kTiny));
  EXPECT_TRUE(check_tensors(complete_model(NameStyle::kGguf, false), kTiny));
}

TEST(TensorNamesTest, EveryTensorIsNeededInItsShapeAndAReadableType) {
  const auto expected = expected_tensors(kTiny, NameStyle::kHuggingFace, false);
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string& name = expected[i].file_name;
    const auto error_after = [&](auto&& change) {
      auto views = views_of(expected);
      change(views);
      const auto result = check_tensors(model_of(std::move(views), NameStyle::kHuggingFace), kTiny);
      return result ? "no error" : result.status().message();
    };
    EXPECT_THAT(
        error_after([&](auto& views) { views.erase(views.begin() + static_cast<ptrdiff_t>(i)); }),
        HasSubstr(name + " is missing"));
    EXPECT_THAT(error_after([&](auto& views) { ++views[i].shape[0]; }),
                HasSubstr(name + " has shape ["));
    EXPECT_THAT(error_after([&](auto& views) { views[i].dtype = DType::kF8_E4M3; }),
                HasSubstr(name + " has dtype F8_E4M3"));
  }
}

TEST(TensorNamesTest, NamesTheFirstProblemsAndCountsTheRest) {
  const auto result = check_tensors(model_of({}, NameStyle::kHuggingFace), kTiny);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.status().message(),
              HasSubstr("model: tensor model.embed_tokens.weight is missing; "));
  EXPECT_THAT(result.status().message(), HasSubstr("; and 22 more"));
}

TEST(TensorNamesTest, ExtraTensorsAreWarnings) {
  auto views = views_of(expected_tensors(kTiny, NameStyle::kHuggingFace, false));
  views.push_back({"lm_head.weight", DType::kF32, {9, 8}, {}});
  views.push_back({"vision.weight", DType::kF32, {1}, {}});
  const auto warnings = check_tensors(model_of(std::move(views), NameStyle::kHuggingFace), kTiny);
  ASSERT_TRUE(warnings) << warnings.status().message();
  EXPECT_THAT(*warnings, ElementsAre(HasSubstr("lm_head.weight is ignored: the head is tied"),
                                     HasSubstr("vision.weight is not part of")));
}

TEST(TensorNamesTest, UntiedModelsNeedAHead) {
  ModelConfig untied = kTiny;
  untied.tie_word_embeddings = false;
  const auto result = check_tensors(complete_model(NameStyle::kHuggingFace, false), untied);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.status().message(), HasSubstr("lm_head.weight is missing"));
}

TEST(TensorNamesTest, ADirectQueryProjectionReplacesThree) {
  ModelConfig direct = kTiny;
  direct.q_lora_rank = 0;
  std::set<std::string> names;
  for (const auto& tensor : expected_tensors(direct, NameStyle::kGguf, true))
    names.insert(tensor.file_name);
  EXPECT_TRUE(names.contains("blk.0.attn_q.weight"));
  EXPECT_FALSE(names.contains("blk.0.attn_q_a.weight"));
}

}  // namespace
}  // namespace youtu
