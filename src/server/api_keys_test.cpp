#include "server/api_keys.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

const std::string kAlice(40, 'a');
const std::string kBob(32, 'b');

class ApiKeysTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_.path() / "keys").string();
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  TemporaryFolder folder_;
};

TEST_F(ApiKeysTest, ReadsNamedAndNamelessKeys) {
  const auto keys =
      ApiKeys::read_file(write("# ours\n\n alice  " + kAlice + " \r\n" + kBob + "\n"));
  ASSERT_TRUE(keys) << keys.status().message();
  EXPECT_EQ(keys->owner_of(kAlice), "alice");
  EXPECT_EQ(keys->owner_of(kBob), "key4");
  EXPECT_EQ(keys->owner_of(kBob + "b"), std::nullopt);
  EXPECT_EQ(keys->owner_of(kBob.substr(1)), std::nullopt);
  EXPECT_EQ(keys->owner_of(""), std::nullopt);
}

TEST_F(ApiKeysTest, RefusesWhatIsNotSafe) {
  const auto message = [this](const std::string& text, mode_t mode = 0600) {
    return ApiKeys::read_file(write(text, mode)).status().message();
  };
  EXPECT_NE(message(kAlice, 0604).find("chmod 600"), std::string::npos);
  EXPECT_EQ(message(kAlice, 0640), "");
  EXPECT_NE(message("x short\n").find("keys:1: a key has 5 characters (32 to 512)"),
            std::string::npos);
  EXPECT_NE(message("a " + kAlice + "\na " + kBob).find("keys:2: two keys are called a"),
            std::string::npos);
  EXPECT_NE(message("a/b " + kAlice).find("name"), std::string::npos);
  EXPECT_NE(message("a " + kAlice + " " + kBob).find("no spaces"), std::string::npos);
  EXPECT_NE(message("# nothing\n").find("no key"), std::string::npos);
  EXPECT_NE(ApiKeys::read_file("/nowhere/keys").status().message().find("cannot be read"),
            std::string::npos);
}

TEST(Sha256, IsTheStandards) {
  EXPECT_EQ(hexadecimal(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace youtu
