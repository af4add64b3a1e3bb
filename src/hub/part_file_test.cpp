#include "hub/part_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace youtu::hub {
namespace {

constexpr int64_t kSize = PartFile::kPieceBytes + 1000;

std::vector<uint8_t> bytes(size_t count, uint8_t first) {
  std::vector<uint8_t> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = static_cast<uint8_t>(first + i);
  return result;
}

TEST(PartFile, GoesOnWhereItWas) {
  const TemporaryFolder folder;
  {
    PartFile part;
    ASSERT_TRUE(part.open(folder / "x", kSize));
    EXPECT_EQ(part.num_pieces(), 2);
    EXPECT_EQ(part.piece_bytes(1), 1000);
    ASSERT_TRUE(part.write(1, bytes(600, 7)));
    ASSERT_TRUE(part.write(0, bytes(2u << 20, 1)));
    ASSERT_TRUE(part.save(1));
  }
  PartFile part;
  ASSERT_TRUE(part.open(folder / "x", kSize));
  EXPECT_EQ(part.done(0), 2 << 20);
  EXPECT_EQ(part.done(1), 600);
  EXPECT_EQ(part.total_done(), (2 << 20) + 600);
}

TEST(PartFile, BecomesTheFile) {
  const TemporaryFolder folder;
  const std::vector<uint8_t> content = bytes(1000, 3);
  PartFile part;
  ASSERT_TRUE(part.open(folder / "x", 1000));
  ASSERT_TRUE(part.write(0, std::span(content).first(400)));
  ASSERT_TRUE(part.write(0, std::span(content).subspan(400)));
  DigestStream expected(DigestKind::kSha256, 1000);
  expected.add(content);
  EXPECT_EQ(*part.digest(DigestKind::kSha256, [](int64_t) { return true; }), expected.finish());
  EXPECT_EQ(part.digest(DigestKind::kSha256, [](int64_t) { return false; }).status().code(),
            StatusCode::kCancelled);
  ASSERT_TRUE(part.finish(folder / "y"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  std::ifstream in(folder / "y", std::ios::binary);
  const std::vector<uint8_t> written{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(written, content);
}

TEST(PartFile, BeginsAgainWhereTheAccountIsNone) {
  const TemporaryFolder folder;
  for (const std::string& content :
       {std::string(), std::string("short"), std::string(1012, '\xff'), std::string(5000, 'x')}) {
    folder.write("x", content);
    PartFile part;
    ASSERT_TRUE(part.open(folder / "x", 1000));
    EXPECT_EQ(part.total_done(), 0);
  }
  PartFile part;
  ASSERT_TRUE(part.open(folder / "x", 1000));
  ASSERT_TRUE(part.write(0, bytes(1000, 0)));
  ASSERT_TRUE(part.forget());
  EXPECT_EQ(part.total_done(), 0);
}

TEST(PartFile, FollowsNoLinks) {
  const TemporaryFolder folder;
  folder.write("target", std::string("precious"));
  std::filesystem::create_symlink(folder / "target", folder / "link");
  std::filesystem::create_hard_link(folder / "target", folder / "hard");
  std::filesystem::create_directory(folder / "folder");
  for (const char* name : {"link", "hard", "folder"}) {
    PartFile part;
    EXPECT_FALSE(part.open(folder / name, 1000)) << name;
  }
  EXPECT_EQ(std::filesystem::file_size(folder / "target"), 8u);
}

TEST(PartFile, OfNothing) {
  const TemporaryFolder folder;
  PartFile part;
  ASSERT_TRUE(part.open(folder / "x", 0));
  EXPECT_EQ(part.num_pieces(), 0);
  ASSERT_TRUE(part.finish(folder / "y"));
  EXPECT_EQ(std::filesystem::file_size(folder / "y"), 0u);
}

}  // namespace
}  // namespace youtu::hub
