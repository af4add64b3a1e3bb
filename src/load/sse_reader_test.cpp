#include "load/sse_reader.h"

#include <gtest/gtest.h>

namespace youtu::load {
namespace {

std::vector<SseEvent> read(const std::vector<std::string_view>& pieces) {
  SseReader reader;
  std::vector<SseEvent> events;
  for (const std::string_view piece : pieces) EXPECT_TRUE(reader.push(piece, events).is_ok());
  return events;
}

TEST(SseReader, ReadsEventsAsTheStandardSays) {
  EXPECT_EQ(read({"data: a\n\n"}), (std::vector<SseEvent>{{"", "a"}}));
  EXPECT_EQ(read({"data:a\ndata:  b\ndata\n\n"}), (std::vector<SseEvent>{{"", "a\n b\n"}}));
  EXPECT_EQ(read({"event: done\ndata: \n\n"}), (std::vector<SseEvent>{{"done", ""}}));
  EXPECT_EQ(read({": a comment\nid: 7\nretry: 1\ndata: x\nunknown: y\n\n"}),
            (std::vector<SseEvent>{{"", "x"}}));
  EXPECT_EQ(read({"data: a\r\rdata: b\r\n\r\ndata: c\n\n"}),
            (std::vector<SseEvent>{{"", "a"}, {"", "b"}, {"", "c"}}));
  EXPECT_EQ(read({"\xEF\xBB\xBF"
                  "data: a\n\n"}),
            (std::vector<SseEvent>{{"", "a"}}));
}

TEST(SseReader, AnEventWithoutDataIsNone) {
  EXPECT_EQ(read({"event: ping\n\n", "data: a\n\n"}), (std::vector<SseEvent>{{"", "a"}}));
}

TEST(SseReader, WhatIsNotEndedIsNoEvent) {
  EXPECT_TRUE(read({"data: a\n"}).empty());
  EXPECT_TRUE(read({"data: a"}).empty());
}

TEST(SseReader, CutAnywhereTheEventsAreTheSame) {
  const std::string stream =
      "\xEF\xBB\xBF: hello\r\n\r\ndata: 你好\rdata: b\r\n\r\nevent: done\ndata: {\"a\":1}\n\n\n"
      "data\n\ndata: last\r\r";
  const std::vector<SseEvent> whole = read({stream});
  ASSERT_EQ(whole.size(), 4u);
  const std::string_view text = stream;
  for (size_t i = 0; i <= text.size(); ++i) {
    ASSERT_EQ(read({text.substr(0, i), text.substr(i)}), whole) << "cut at " << i;
  }
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  EXPECT_EQ(read(bytes), whole);
}

TEST(SseReader, AnEventThatNeverEndsIsRefused) {
  SseReader reader;
  std::vector<SseEvent> events;
  const std::string line = "data: " + std::string(1 << 16, 'x') + "\n";
  Status status;
  for (int i = 0; i < 100 && status; ++i) status = reader.push(line, events);
  EXPECT_EQ(status.reason(), "event_too_long");
  EXPECT_TRUE(events.empty());
}

}  // namespace
}  // namespace youtu::load
