#include "base/describe_exception.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <system_error>

namespace youtu {
namespace {

using testing::HasSubstr;

TEST(DescribeException, NamesTheLimitsOfTheSystem) {
  EXPECT_THAT(describe_exception(std::bad_array_new_length()), HasSubstr("ulimit -v"));
  const std::system_error no_thread(EAGAIN, std::generic_category());
  EXPECT_THAT(describe_exception(no_thread), HasSubstr("ulimit -u"));
}

TEST(DescribeException, LeavesOthersTheirWords) {
  EXPECT_EQ(describe_exception(std::runtime_error("a word")), "a word");
  const std::system_error other(ENOENT, std::generic_category());
  EXPECT_EQ(describe_exception(other), other.what());
}

}  // namespace
}  // namespace youtu
