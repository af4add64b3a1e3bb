#include "server/explanation_json.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_engine.h"

namespace youtu {
namespace {

TEST(ExplanationJson, HasAProbabilityForEachStageThatLeftACandidate) {
  TokenExplanation explanation;
  explanation.drawn = 'a';
  explanation.num_stages = 2;
  explanation.all_stages[0] = {SamplerStage::kTemperature, 262};
  explanation.all_stages[1] = {SamplerStage::kTopK, 1};
  explanation.num_candidates = 2;
  explanation.all_candidates[0] = {
      .token = 'a', .logprob = -0.5f, .removed_by = -1, .probabilities = {0.87f, 1.0f}};
  explanation.all_candidates[1] = {
      .token = 0xE4, .logprob = -1.25f, .removed_by = 1, .probabilities = {1e-9f}};
  const test::ByteTokenizer tokenizer;
  EXPECT_EQ(dump_json(explanation_json(explanation, tokenizer)),
            R"({"token":"a","id":97,"stages":[{"name":"temperature","left":262},)"
            R"({"name":"top_k","left":1}],"candidates":[{"token":"a","id":97,"logprob":-0.5,)"
            R"("probability":1.0,"probabilities":[0.87,1.0],"removed_by":null},)"
            "{\"token\":\"\xEF\xBF\xBD\",\"id\":228,\"logprob\":-1.25,\"probability\":0.0,"
            R"("probabilities":[1e-09],"removed_by":"top_k"}]})");
}

// Then the model's own distribution is the one that is drawn from.
TEST(ExplanationJson, WithoutStagesTheProbabilityIsTheModels) {
  TokenExplanation explanation;
  explanation.num_candidates = 1;
  explanation.all_candidates[0].logprob = 0;
  const OrderedJson json = explanation_json(explanation, test::ByteTokenizer());
  EXPECT_EQ(json["stages"].size(), 0u);
  EXPECT_EQ(json["candidates"][0]["probability"], 1.0);
}

}  // namespace
}  // namespace youtu
