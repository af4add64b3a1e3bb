#include "hub/model_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu::hub {
namespace {

using ::testing::HasSubstr;

TEST(ModelName, HasParts) {
  const Result<ModelName> model = parse_model_name("tencent/Youtu-LLM-2B-GGUF:Q8_0@v1.0");
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_EQ(model->repository(), "tencent/Youtu-LLM-2B-GGUF");
  EXPECT_EQ(model->variant, "Q8_0");
  EXPECT_EQ(model->revision, "v1.0");
  EXPECT_EQ(model->text(), "tencent/Youtu-LLM-2B-GGUF:Q8_0@v1.0");
}

TEST(ModelName, SaysWhichPartIsWrong) {
  for (const auto& [text, part] : {std::pair{"model", "there is no slash"},
                                   {"a b/c", "the owner"},
                                   {"../c", "the owner"},
                                   {"a/b/c", "the name"},
                                   {"a/..", "the name"},
                                   {"a/b:", "the part after :"},
                                   {"a/b@", "the revision"},
                                   {"a/b@../x", "the revision"},
                                   {"a/-b", "the name"}}) {
    const Result<ModelName> model = parse_model_name(text);
    ASSERT_FALSE(model) << text;
    EXPECT_THAT(model.status().message(), HasSubstr(part)) << text;
    EXPECT_EQ(model.status().param(), "model");
  }
  EXPECT_FALSE(parse_model_name("a/" + std::string(97, 'b')));
  EXPECT_TRUE(parse_model_name("a/" + std::string(96, 'b')));
}

TEST(ModelName, IsToldFromAPath) {
  for (const char* name : {"tencent/Youtu-LLM-2B", "a/b:Q4_K_M", "a/b@main", "a/b:x.gguf"}) {
    EXPECT_TRUE(is_like_model_name(name)) << name;
  }
  for (const char* path :
       {"model", "./a", "/a/b", "a/b/c", "models/x.gguf", "models/x.youtu", "a/", "~/model", ""}) {
    EXPECT_FALSE(is_like_model_name(path)) << path;
  }
}

}  // namespace
}  // namespace youtu::hub
