#include "hub/model_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace youtu::hub {
namespace {

TEST(PulledModel, KnowsAFileWhoseBytesChanged) {
  const TemporaryFolder folder;
  const std::string path = folder.write("weights", std::string("abc"));
  PulledModel model{.folder = folder.path().string(), .files = {{.name = "weights", .size = 3}}};
  model.files[0].digest = Digest{
      DigestKind::kSha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
  EXPECT_EQ(model.first_damaged(), "");
  folder.write("weights", std::string("abd"));
  EXPECT_EQ(model.first_missing(), "");
  EXPECT_EQ(model.first_damaged(), "weights");
  std::filesystem::remove(path);
  EXPECT_EQ(model.first_damaged(), "weights");
}

}  // namespace
}  // namespace youtu::hub
