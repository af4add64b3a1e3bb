#include "hub/file_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu::hub {
namespace {

using ::testing::HasSubstr;

const std::string kCommit(40, 'c');
const std::string kSha256(64, 'a');
const std::string kBlob(40, 'b');

std::string hugging_face(const std::string& siblings) {
  return R"({"id": "a/b", "sha": ")" + kCommit + R"(", "siblings": [)" + siblings + "]}";
}

TEST(FileList, OfHuggingFace) {
  const Result<FileList> list = parse_hugging_face_list(hugging_face(
      R"({"rfilename": "config.json", "size": 7, "blobId": ")" + kBlob +
      R"("}, {"rfilename": "sub/x.gguf", "size": 9, "blobId": ")" + kBlob +
      R"(", "lfs": {"sha256": ")" + kSha256 + R"(", "size": 9, "pointerSize": 134}})"));
  ASSERT_TRUE(list) << list.status().message();
  EXPECT_EQ(list->commit, kCommit);
  ASSERT_EQ(list->files.size(), 2u);
  EXPECT_EQ(list->files[0].digest, (Digest{DigestKind::kGitBlob, kBlob}));
  EXPECT_EQ(list->files[1].name, "sub/x.gguf");
  EXPECT_EQ(list->files[1].size, 9);
  EXPECT_EQ(list->files[1].digest, (Digest{DigestKind::kSha256, kSha256}));
}

TEST(FileList, OfModelScopeWithoutItsFolders) {
  const Result<FileList> list = parse_modelscope_list(
      R"({"Code": 200, "Data": {"Files": [{"Path": "assets", "Type": "tree"}, {"Path": "a/x.gguf",
      "Type": "blob", "Size": 5, "Sha256": ")" +
      kSha256 + R"("}]}})");
  ASSERT_TRUE(list) << list.status().message();
  ASSERT_EQ(list->files.size(), 1u);
  EXPECT_EQ(list->files[0].name, "a/x.gguf");
  EXPECT_EQ(list->files[0].digest->hex, kSha256);
}

TEST(FileList, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"../x", "/etc/passwd", "a/../../x", "..", ".", "a//b", "a/", "",
                           "a\\\\b", "a\\u0000b", "a\\u001bb", "a/./b"}) {
    const Result<FileList> list = parse_hugging_face_list(
        hugging_face(R"({"size": 1, "rfilename": ")" + std::string(name) + R"("})"));
    ASSERT_FALSE(list) << name;
    EXPECT_THAT(list.status().message(), HasSubstr("outside of the model's folder")) << name;
  }
  EXPECT_TRUE(is_safe_file_name("a..b/.c/..d"));
  EXPECT_TRUE(is_safe_file_name(std::string(255, 'x')));
  EXPECT_FALSE(is_safe_file_name(std::string(256, 'x')));
}

TEST(FileList, SaysWhatIsWrong) {
  const auto error = [](const std::string& text) {
    const Result<FileList> list = parse_hugging_face_list(text);
    return list ? "nothing" : list.status().message();
  };
  EXPECT_THAT(error("<html>"), HasSubstr("no JSON that is taken"));
  EXPECT_THAT(error("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(error(R"({"siblings": []})"), HasSubstr("names no commit"));
  EXPECT_THAT(error(R"({"sha": ")" + kCommit + "\"}"), HasSubstr("has no \"siblings\""));
  EXPECT_THAT(error(hugging_face("3")), HasSubstr("entry that is no object"));
  EXPECT_THAT(error(hugging_face(R"({"size": 3})")), HasSubstr("entry without rfilename"));
  for (const char* size :
       {"-1", "1.5", "\"1\"", "1099511627777", "18446744073709551615", "1e300"}) {
    EXPECT_THAT(error(hugging_face(R"({"rfilename": "a", "size": )" + std::string(size) + "}")),
                HasSubstr("no size from 0 to 2^40"))
        << size;
  }
  const std::string twice = R"({"rfilename": "a", "size": 1})";
  EXPECT_THAT(error(hugging_face(twice + "," + twice)), HasSubstr("twice"));
  EXPECT_THAT(error(hugging_face(R"({"rfilename": "a", "size": 1, "lfs": {"size": 2}})")),
              HasSubstr("two sizes"));
  EXPECT_THAT(error(hugging_face(R"({"rfilename": "a", "size": 1, "blobId": "../x"})")),
              HasSubstr("not 40 hexadecimal digits"));
}

}  // namespace
}  // namespace youtu::hub
