#include "hub/file_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FileList list_of(std::initializer_list<const char*> names) {
  FileList list;
  int64_t size = 10;
  for (const char* name : names) {
    list.files.push_back({name, size++, Digest{DigestKind::kSha256, std::string(64, 'a')}});
  }
  return list;
}

std::vector<std::string> names_of(const FileChoice& choice) {
  std::vector<std::string> names;
  for (const RemoteFile& file : choice.files) names.push_back(file.name);
  return names;
}

const FileList kBoth = list_of({"config.json", "m-F16.gguf", "model.safetensors", "m-Q8_0.gguf"});

TEST(FileChoice, TakesOneFormOfTheWeights) {
  const FileList list = list_of({"README.md", "config.json", "tokenizer.json", "model.safetensors",
                                 "pytorch_model.bin", "onnx/model.safetensors",
                                 "adapter.safetensors", "chat_template.jinja"});
  const Result<FileChoice> choice = choose_files(list, "");
  ASSERT_TRUE(choice) << choice.status().message();
  EXPECT_THAT(names_of(*choice), ElementsAre("config.json", "tokenizer.json", "model.safetensors",
                                             "chat_template.jinja"));
  EXPECT_EQ(choice->main_file, "");
}

TEST(FileChoice, PrefersSafetensorsAndSaysSo) {
  const Result<FileChoice> choice = choose_files(kBoth, "");
  ASSERT_TRUE(choice);
  EXPECT_THAT(names_of(*choice), ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(choice->reason, HasSubstr(":gguf"));
  EXPECT_EQ(choose_files(kBoth, "gguf")->main_file, "m-Q8_0.gguf");
  EXPECT_EQ(choose_files(kBoth, "F16")->main_file, "m-F16.gguf");
  EXPECT_EQ(choose_files(kBoth, "safetensors")->main_file, "");
}

TEST(FileChoice, TakesTheBestThatIsNotSixteenBits) {
  EXPECT_EQ(choose_files(list_of({"a-F16.gguf", "a-Q4_K_M.gguf", "a-Q6_K.gguf"}), "")->main_file,
            "a-Q6_K.gguf");
  EXPECT_EQ(choose_files(list_of({"a-F16.gguf", "a-BF16.gguf"}), "")->main_file, "a-BF16.gguf");
  EXPECT_EQ(choose_files(list_of({"odd.gguf", "a-F32.gguf"}), "")->main_file, "a-F32.gguf");
  EXPECT_EQ(choose_files(list_of({"odd.gguf"}), "")->main_file, "odd.gguf");
  EXPECT_EQ(choose_files(list_of({"mmproj-Q8_0.gguf", "a-Q4_0.gguf"}), "")->main_file,
            "a-Q4_0.gguf");
}

TEST(FileChoice, TakesAllPartsOfAFile) {
  const Result<FileChoice> choice = choose_files(
      list_of({"a-Q8_0-00002-of-00002.gguf", "a-F16.gguf", "a-Q8_0-00001-of-00002.gguf"}), "q8_0");
  ASSERT_TRUE(choice) << choice.status().message();
  EXPECT_THAT(names_of(*choice),
              ElementsAre("a-Q8_0-00001-of-00002.gguf", "a-Q8_0-00002-of-00002.gguf"));
  EXPECT_EQ(choice->main_file, "a-Q8_0-00001-of-00002.gguf");
}

TEST(FileChoice, ListsWhatThereIs) {
  const auto error = [](const FileList& list, const char* variant) {
    return choose_files(list, variant).status().message();
  };
  EXPECT_THAT(error(kBoth, "Q4_K_M"), HasSubstr("there is no \"Q4_K_M\" (F16, Q8_0)"));
  EXPECT_THAT(error(list_of({"a-Q8_0.gguf", "b-Q8_0.gguf"}), "Q8_0"), HasSubstr("several files"));
  EXPECT_THAT(error(list_of({"README.md"}), ""), HasSubstr("no weights in a form"));
  EXPECT_THAT(error(list_of({"model.safetensors"}), ""), HasSubstr("no config.json"));
  EXPECT_THAT(error(list_of({"a.gguf"}), "safetensors"), HasSubstr("no safetensors"));
  FileList without = kBoth;
  without.files[2].digest.reset();
  EXPECT_THAT(error(without, ""), HasSubstr("model.safetensors no checksum"));
}

TEST(FileChoice, KnowsQuantisationsByTheirNames) {
  EXPECT_EQ(quantisation_of("Youtu-LLM-2B-Q8_0.gguf"), "Q8_0");
  EXPECT_EQ(quantisation_of("youtu.q4_k_m-00001-of-00002.gguf"), "Q4_K_M");
  EXPECT_EQ(quantisation_of("Youtu-LLM-2B.gguf"), "");
}

}  // namespace
}  // namespace youtu::hub
