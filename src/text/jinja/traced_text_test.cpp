#include "text/jinja/traced_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace youtu::jinja {
namespace {

// The trust of each byte: the plain statement of what the runs say.
std::vector<bool> flags(const TracedText& text) {
  std::vector<bool> out;
  for (const TracedText::Run& run : text.runs()) out.resize(run.end, run.trusted);
  return out;
}

TEST(TracedText, MergesNeighboursOfEqualTrust) {
  TracedText text("ab", true);
  text.append("cd", true);
  text.append("", false);
  text.append("e", false);
  EXPECT_EQ(text.bytes(), "abcde");
  EXPECT_EQ(text.runs().size(), 2u);
  EXPECT_EQ(text.runs()[0], (TracedText::Run{4, true}));
  EXPECT_EQ(text.runs()[1], (TracedText::Run{5, false}));
  EXPECT_FALSE(text.all_trusted());
  EXPECT_TRUE(TracedText().all_trusted());
}

TEST(TracedText, AgreesWithAFlagForEveryByte) {
  const unsigned seed = 7;
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int round = 0; round < 2000; ++round) {
    TracedText text;
    std::string bytes;
    std::vector<bool> expected;
    for (int i = 0; i < 6; ++i) {
      const std::string piece(random() % 4, static_cast<char>('a' + i));
      const bool trusted = random() % 2 == 0;
      text.append(piece, trusted);
      bytes += piece;
      expected.insert(expected.end(), piece.size(), trusted);
    }
    ASSERT_EQ(text.bytes(), bytes);
    ASSERT_EQ(flags(text), expected);
    const size_t begin = random() % (text.size() + 1);
    const size_t end = begin + random() % (text.size() - begin + 1);
    TracedText copy("x", true);
    copy.append(text, begin, end);
    std::vector<bool> part{true};
    part.insert(part.end(), expected.begin() + static_cast<std::ptrdiff_t>(begin),
                expected.begin() + static_cast<std::ptrdiff_t>(end));
    ASSERT_EQ(copy.bytes(), "x" + bytes.substr(begin, end - begin));
    ASSERT_EQ(flags(copy), part);
  }
}

}  // namespace
}  // namespace youtu::jinja
