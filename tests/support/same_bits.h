// Numbers that must be the same to the last bit: what == calls equal (zeros of both signs) is not.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace youtu::test {

template <typename T>
void expect_same_bits(const std::vector<T>& actual, const std::vector<T>& expected,
                      const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(0, std::memcmp(&actual[i], &expected[i], sizeof(T)))
        << what << " at " << i << ": " << actual[i] << " instead of " << expected[i];
  }
}

}  // namespace youtu::test
