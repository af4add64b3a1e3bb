#include "base/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <vector>

#include "base/mapped_file.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using testing::HasSubstr;

size_t num_files(const TemporaryFolder& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(NewFile, AppearsWhenItIsFinished) {
  const TemporaryFolder folder;
  auto file = NewFile::create(folder / "a");
  ASSERT_TRUE(file.is_ok()) << file.status().message();
  ASSERT_TRUE(file->write_at(2, bytes_of("cd")).is_ok());
  ASSERT_TRUE(file->write_at(0, bytes_of("ab")).is_ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  ASSERT_TRUE(file->finish(false).is_ok());
  EXPECT_EQ(*read_file(folder / "a", 100), "abcd");
  EXPECT_EQ(num_files(folder), 1u);
}

TEST(NewFile, LeavesNothingWhenItIsNotFinished) {
  const TemporaryFolder folder;
  {
    auto file = NewFile::create(folder / "a");
    ASSERT_TRUE(file->write_at(0, bytes_of("ab")).is_ok());
    NewFile moved = *std::move(file);
    EXPECT_EQ(num_files(folder), 1u);
  }
  EXPECT_EQ(num_files(folder), 0u);
}

TEST(NewFile, ReplacesOnlyWhenAsked) {
  const TemporaryFolder folder;
  folder.write("a", std::string("old"));
  auto file = NewFile::create(folder / "a");
  ASSERT_TRUE(file->write_at(0, bytes_of("new")).is_ok());
  const Status status = file->finish(false);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("a: exists already"));
  EXPECT_EQ(*read_file(folder / "a", 100), "old");
  ASSERT_TRUE(file->finish(true).is_ok());
  EXPECT_EQ(*read_file(folder / "a", 100), "new");
  EXPECT_EQ(num_files(folder), 1u);
}

TEST(NewFile, NamesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  EXPECT_THAT(NewFile::create(folder / "none/a").status().message(),
              HasSubstr("none/a: cannot write: No such file"));
  // A limit on the size of files stands for a full disk.
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1 << 16;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status;
  {
    auto file = NewFile::create(folder / "a");
    status = file->write_at(0, std::vector<uint8_t>(1 << 20));
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("a: cannot write: File too large"));
  EXPECT_EQ(num_files(folder), 0u);
}

}  // namespace
}  // namespace youtu
