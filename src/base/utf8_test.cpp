#include "base/utf8.h"

#include <gtest/gtest.h>

#include <random>

namespace youtu {
namespace {

TEST(Utf8, AcceptsEveryScalarValueAndNothingElse) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    std::string text;
    append_utf8(text, c);
    const DecodedChar decoded = decode_utf8(text);
    ASSERT_TRUE(decoded.valid) << static_cast<uint32_t>(c);
    ASSERT_EQ(decoded.code_point, c);
    ASSERT_EQ(decoded.length, text.size());
  }
}

TEST(Utf8, RefusesMalformedSequences) {
  const std::pair<std::string, size_t> cases[] = {
      {"ab\xff", 2},
      {"\xc0\x80", 0},
      {"\xc1\xbf", 0},
      {"\xe0\x9f\xbf", 0},
      {"\xed\xa0\x80", 0},
      {"\xf0\x8f\xbf\xbf", 0},
      {"\xf4\x90\x80\x80", 0},
      {"\xf5\x80\x80\x80", 0},
      {"a\xe4\xb8", 1},
      {"\x80", 0},
      {"\xc3(", 0},
      {"\xe4\xb8\xad\xe4", 3},
  };
  for (const auto& [text, position] : cases) EXPECT_EQ(find_invalid_utf8(text), position);
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string("\0a", 2)));
}

// Table 3-8 and the text around it in the Unicode standard: one U+FFFD for each maximal subpart.
TEST(Utf8, ReplacesEachMaximalSubpart) {
  EXPECT_EQ(replace_invalid_utf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
  EXPECT_EQ(replace_invalid_utf8("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\uFFFD\uFFFD\x42");
  EXPECT_EQ(replace_invalid_utf8("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\x41");
}

TEST(Utf8, KnowsHowMuchOfACharacterIsMissing) {
  EXPECT_EQ(incomplete_utf8_tail(""), 0u);
  EXPECT_EQ(incomplete_utf8_tail("a"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\xe4\xb8\xad"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("a\xe4"), 1u);
  EXPECT_EQ(incomplete_utf8_tail("\xe4\xb8"), 2u);
  EXPECT_EQ(incomplete_utf8_tail("\xf0\x9f\xa6"), 3u);
  EXPECT_EQ(incomplete_utf8_tail("\xe0\x80"), 0u);  // can become nothing
  EXPECT_EQ(incomplete_utf8_tail("\x80\x80\x80"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\xff"), 0u);
}

TEST(Utf8, ReplacingGivesUtf8ForAnyBytes) {
  constexpr unsigned kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t n = random() % 12; n > 0; --n) text += static_cast<char>(random());
    const std::string replaced = replace_invalid_utf8(text);
    ASSERT_TRUE(is_utf8(replaced));
    if (is_utf8(text)) {
      ASSERT_EQ(replaced, text);
    }
  }
}

}  // namespace
}  // namespace youtu
