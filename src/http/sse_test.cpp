#include "http/sse.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/raw_client.h"

namespace youtu::http {
namespace {

TEST(SseEvent, HasOneDataLineForEachLineOfText) {
  EXPECT_EQ(sse_event("a"), "data: a\n\n");
  EXPECT_EQ(sse_event("a\nb\n"), "data: a\ndata: b\ndata: \n\n");
  EXPECT_EQ(sse_event("", "done"), "event: done\ndata: \n\n");
}

TEST(SseText, TextCannotAddAnEventOrAField) {
  SseText text;
  EXPECT_EQ(text.frame("x\n\nevent: hack\ndata: {}"),
            "data: x\ndata: \ndata: event: hack\ndata: data: {}\n\n");
}

TEST(SseText, CarriageReturnsBecomeLineFeedsEvenAcrossPieces) {
  SseText text;
  EXPECT_EQ(text.frame("a\r"), "data: a\ndata: \n\n");
  EXPECT_EQ(text.frame("\n"), "");
  EXPECT_EQ(text.frame("\nb"), "data: \ndata: b\n\n");
  EXPECT_EQ(text.frame("c\r\rd\r\ne"), "data: c\ndata: \ndata: d\ndata: e\n\n");
}

TEST(SseText, EmptyPiecesSendNothing) {
  SseText text;
  EXPECT_EQ(text.frame(""), "");
}

// Any text, cut anywhere, is rebuilt by a standard parser, with every line end as LF.
TEST(SseText, AParserRebuildsTheText) {
  const std::vector<std::string> parts = {"a",    " ",       "\n",           "\r",
                                          "\r\n", ":",       "\t",           "你",
                                          "😀",    "data: x", "\n\nevent: y", "\xE2\x80\xA8"};
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::string whole;
    std::string wire;
    SseText framer;
    for (int piece = 0; piece < 20; ++piece) {
      std::string text;
      for (uint32_t n = random() % 4; n > 0; --n) text += parts[random() % parts.size()];
      whole += text;
      wire += framer.frame(text);
    }
    std::string expected;
    for (size_t i = 0; i < whole.size(); ++i) {
      if (whole[i] == '\n' && i > 0 && whole[i - 1] == '\r') continue;
      expected += whole[i] == '\r' ? '\n' : whole[i];
    }
    ASSERT_EQ(test::join_sse_messages(wire), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace youtu::http
