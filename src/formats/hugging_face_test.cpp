#include "formats/hugging_face.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A tokenizer of four pieces; its end token is 3.
constexpr std::string_view kTokenizer =
    R"({"added_tokens":[{"id":3,"content":"<end>","special":true,"single_word":false,"lstrip":false,)"
    R"("rstrip":false,"normalized":false}],"normalizer":null,)"
    R"("pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},)"
    R"("post_processor":null,"decoder":{"type":"ByteLevel"},)"
    R"("model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}})";

class HuggingFaceTest : public ::testing::Test {
 protected:
  HuggingFaceTest() {
    folder_.write("config.json",
                  std::string(R"({"architectures":["YoutuForCausalLM"],"eos_token_id":[3,5]})"));
    folder_.write("generation_config.json", std::string(R"({"eos_token_id":6,"top_k":20})"));
    folder_.write("tokenizer.json", kTokenizer);
    folder_.write("tokenizer_config.json",
                  std::string(R"({"eos_token":"<end>","chat_template":"hello"})"));
    std::string weights(10, '\0');
    weights[0] = 2;
    weights.replace(8, 2, "{}");
    folder_.write("model.safetensors", weights);
  }
  Result<OpenedModel> open() const { return open_model(folder_.path().string()); }
  std::string error() const {
    const auto model = open();
    return model ? "no error" : model.status().message();
  }
  TemporaryFolder folder_;
};

TEST_F(HuggingFaceTest, PutsTheFilesTogether) {
  const auto model = open();
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_TRUE(model->has_vocab);
  EXPECT_THAT(model->vocab.eos_ids, ElementsAre(3, 5, 6));
  EXPECT_EQ(model->vocab.chat_template, "hello");
  EXPECT_EQ(model->generation_config["top_k"], 20);
  EXPECT_TRUE(std::holds_alternative<Json>(model->description));
  EXPECT_TRUE(model->warnings.empty());
}

TEST_F(HuggingFaceTest, TheTemplateFileWins) {
  folder_.write("chat_template.jinja", std::string("other"));
  const auto model = open();
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_EQ(model->vocab.chat_template, "other");
  EXPECT_EQ(model->vocab.chat_template_name, "chat_template.jinja");
}

TEST_F(HuggingFaceTest, RefusesBadConfigs) {
  const std::pair<std::string, const char*> kCases[] = {
      {"", "config.json: "},
      {"{", "config.json: syntax error"},
      {"[]", "config.json: is no JSON object"},
      {std::string(2 << 20, ' '), "config.json: 2097152 bytes"},
      {std::string(10'000, '['), "config.json: nested deeper"},
      {R"({"eos_token_id":-1})", "config.json: eos_token_id is -1"},
      {R"({"eos_token_id":[1,"x"]})", "config.json: eos_token_id is \"x\""},
      {R"({"eos_token_id":4294967296})", "config.json: eos_token_id is 4294967296"},
  };
  for (const auto& [text, expected] : kCases) {
    folder_.write("config.json", text);
    EXPECT_THAT(error(), HasSubstr(expected));
  }
  std::filesystem::remove(folder_ / "config.json");
  EXPECT_THAT(error(), HasSubstr("model directory has no config.json"));
}

TEST_F(HuggingFaceTest, SaysWhichFileOfTheTokenizerIsWrong) {
  folder_.write("tokenizer.json", std::string("{}"));
  EXPECT_THAT(error(), HasSubstr(folder_ / "tokenizer.json: "));
}

TEST_F(HuggingFaceTest, WarnsOfCodeAndOfAMissingTokenizer) {
  folder_.write("config.json", std::string(R"({"auto_map":{"AutoModel":"evil.Model"}})"));
  std::filesystem::remove(folder_ / "tokenizer.json");
  const auto model = open();
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_FALSE(model->has_vocab);
  ASSERT_EQ(model->warnings.size(), 2u);
  EXPECT_THAT(model->warnings[0], HasSubstr("auto_map is ignored"));
  EXPECT_THAT(model->warnings[1], HasSubstr("tokenizer.json: is missing"));
}

TEST_F(HuggingFaceTest, RefusesPathsThatHoldNoModel) {
  EXPECT_THAT(open_model(folder_ / "nothing").status().message(),
              HasSubstr("no such model directory"));
  EXPECT_THAT(open_model(folder_ / "config.json").status().message(),
              HasSubstr("neither a model directory nor a GGUF file"));
  const TemporaryFolder empty;
  EXPECT_THAT(open_model(empty.path().string()).status().message(),
              HasSubstr("model directory has no config.json"));
}

TEST(ReadEosIdsTest, TakesOneSeveralOrNone) {
  const auto ids = [](const char* text) { return *read_eos_ids(Json::parse(text)); };
  EXPECT_THAT(ids(R"({"eos_token_id":7})"), ElementsAre(7));
  EXPECT_THAT(ids(R"({"eos_token_id":[7,8]})"), ElementsAre(7, 8));
  EXPECT_TRUE(ids("{}").empty());
  EXPECT_TRUE(ids(R"({"eos_token_id":null})").empty());
}

}  // namespace
}  // namespace youtu
