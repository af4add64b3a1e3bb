#include "base/resident_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace youtu {
namespace {

TEST(ResidentMemory, IsTheSecondNumber) {
  EXPECT_EQ(parse_resident_pages("1234 567 89 1 0 2 0\n"), 567);
  EXPECT_EQ(parse_resident_pages("1234"), std::nullopt);
  EXPECT_EQ(parse_resident_pages(""), std::nullopt);
}

TEST(ResidentMemory, GrowsWithWhatIsTouched) {
  constexpr int64_t kBytes = 64 << 20;
  const std::optional<int64_t> before = resident_bytes();
  ASSERT_TRUE(before);
  const std::vector<char> touched(kBytes, 'x');
  const void* volatile escaped = touched.data();  // else no compiler need write it
  EXPECT_GT(*resident_bytes(), *before + kBytes / 2) << escaped;
}

}  // namespace
}  // namespace youtu
