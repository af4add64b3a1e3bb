#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace youtu {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"temperature", "top_k", "top_p"};

TEST(NearestName, FindsWhatWasMeant) {
  EXPECT_EQ(nearest_name("temprature", kNames), "temperature");
  EXPECT_EQ(nearest_name("topk", kNames), "top_k");
  EXPECT_EQ(nearest_name("top_q", kNames), "top_k");  // of equals the first
  EXPECT_EQ(nearest_name("top_p", kNames), "top_p");
}

TEST(NearestName, FindsNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("completely_different", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name(std::string(1 << 20, 'x'), kNames), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace youtu
