#include "text/stop_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace youtu {
namespace {

using testing::HasSubstr;

StopMatcher make(std::vector<std::string> stops) {
  auto matcher = StopMatcher::create(std::move(stops));
  EXPECT_TRUE(matcher.is_ok()) << matcher.status().message();
  return std::move(*matcher);
}

TEST(StopMatcher, FindsAStopStringAcrossPieces) {
  StopMatcher matcher = make({"</s>"});
  EXPECT_EQ(matcher.append("a <"), "a ");
  EXPECT_EQ(matcher.append("/"), "");
  EXPECT_EQ(matcher.append("b <"), "</b ");
  EXPECT_EQ(matcher.append("/s> tail"), "");
  EXPECT_TRUE(matcher.matched());
  EXPECT_EQ(matcher.matched_string(), "</s>");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, LetsGoWhatIsNoStopStringAtTheEnd) {
  StopMatcher matcher = make({"\u3002\u3002"});
  EXPECT_EQ(matcher.append("\u4f60\u3002"), "\u4f60");
  EXPECT_FALSE(matcher.matched());
  EXPECT_EQ(matcher.finish(), "\u3002");
}

TEST(StopMatcher, HoldsNothingWithoutStopStrings) {
  StopMatcher matcher;
  EXPECT_EQ(matcher.append("abc"), "abc");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, OverlapsAreNotMissed) {
  StopMatcher matcher = make({"aab"});
  EXPECT_EQ(matcher.append("aaa"), "a");
  EXPECT_EQ(matcher.append("b"), "");
  EXPECT_TRUE(matcher.matched());
}

TEST(StopMatcher, TheStringThatIsCompleteFirstWins) {
  StopMatcher matcher = make({"abcd", "bc", "abc"});
  EXPECT_EQ(matcher.append("xabcd"), "x");
  EXPECT_EQ(matcher.matched_string(), "abc");
}

// Against the definition: for every end, does a stop string end there?
TEST(StopMatcher, DoesNotDependOnHowTextIsCut) {
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const auto word = [&](size_t max) {
    std::string text;
    for (size_t n = 1 + random() % max; n > 0; --n) text += static_cast<char>('a' + random() % 2);
    return text;
  };
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::string> stops;
    for (size_t n = 1 + random() % 3; n > 0; --n) stops.push_back(word(5));
    const std::string text = word(30);
    std::string expected = text;
    bool expect_match = false;
    for (size_t end = 1; end <= text.size() && !expect_match; ++end) {
      for (const std::string& stop : stops) {
        if (!text.substr(0, end).ends_with(stop)) continue;
        expected = text.substr(0, std::min(expected.size(), end - stop.size()));
        expect_match = true;
      }
    }
    StopMatcher matcher = make(stops);
    std::string shown;
    for (size_t i = 0; i < text.size() && !matcher.matched();) {
      const size_t n = 1 + random() % 4;
      shown += matcher.append(text.substr(i, n));
      i += n;
    }
    shown += matcher.finish();
    ASSERT_EQ(matcher.matched(), expect_match) << text;
    ASSERT_EQ(shown, expected) << text;
  }
}

TEST(StopMatcher, HoldsTheLimits) {
  EXPECT_THAT(StopMatcher::create({""}).status().message(), HasSubstr("0 bytes (1 to 256)"));
  EXPECT_THAT(StopMatcher::create({std::string(257, 'a')}).status().message(),
              HasSubstr("257 bytes (1 to 256)"));
  EXPECT_THAT(StopMatcher::create(std::vector<std::string>(17, "a")).status().message(),
              HasSubstr("17 stop strings (at most 16)"));
  EXPECT_EQ(StopMatcher::create({"\xff"}).status().reason(), "invalid_utf8");
  EXPECT_EQ(StopMatcher::create({""}).status().param(), "stop");
}

}  // namespace
}  // namespace youtu
