#include "chat/data_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;

TEST(DataFolder, IsMadeForItsOwnerOnly) {
  const TemporaryFolder root;
  const std::string path = root / "a/b";
  const Result<DataFolder> folder = DataFolder::open(path);
  ASSERT_TRUE(folder) << folder.status().message();
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(DataFolder, BelongsToOneAtATime) {
  const TemporaryFolder root;
  {
    const Result<DataFolder> first = DataFolder::open(root / "x");
    ASSERT_TRUE(first);
    const Result<DataFolder> second = DataFolder::open(root / "x");
    ASSERT_FALSE(second);
    EXPECT_THAT(second.status().message(), HasSubstr("is in use by another youtu serve (process "));
    EXPECT_TRUE(DataFolder::open(root / "y"));
  }
  EXPECT_TRUE(DataFolder::open(root / "x"));
}

TEST(DataFolder, SaysWhatIsWrongWithIt) {
  const TemporaryFolder root;
  const std::string file = root.write("file", std::string("x"));
  for (const std::string& path : {file, file + "/under", std::string("/proc/no/such")}) {
    const Result<DataFolder> folder = DataFolder::open(path);
    ASSERT_FALSE(folder) << path;
    EXPECT_THAT(folder.status().message(), HasSubstr("data_dir " + path));
  }
}

TEST(DataFolder, IsFoundInTheEnvironment) {
  std::map<std::string, const char*> variables;
  const auto environment = [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second;
  };
  EXPECT_EQ(*find_data_folder("here", environment), "here");
  EXPECT_THAT(find_data_folder("", environment).status().message(), HasSubstr("sessions: false"));
  variables = {{"HOME", "/h"}};
  EXPECT_EQ(*find_data_folder("", environment), "/h/.local/state/youtu-serve");
  variables["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(*find_data_folder("", environment), "/h/.local/state/youtu-serve");
  variables["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(*find_data_folder("", environment), "/state/youtu-serve");
}

}  // namespace
}  // namespace youtu
