// Rows J of the bad-input suite at the level of the parser.
#include "base/json.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

std::string reason_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto json = parse_json(text, limits);
  return json.is_ok() ? "accepted" : json.status().reason();
}

std::string repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           R"({"prompt":"x")",
                           R"({"prompt":"x",})",
                           "{'prompt':'x'}",
                           "{}{}",
                           "{} trailing",
                           "[1,]",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "tru",
                           "\"a\nb\"",
                           "\"\x01\"",
                           "// c\n{}",
                           R"({"t":NaN})",
                           R"({"t":Infinity})",
                           R"({"t":-Infinity})",
                           R"("\x41")",
                           "\xEF\xBB\xBF{}"}) {
    EXPECT_EQ(reason_of(text), "invalid_json") << text;
  }
}

TEST(Json, LooksBeyondANul) {
  EXPECT_EQ(reason_of(std::string_view("{}\0", 3)), "invalid_json");
  EXPECT_EQ(reason_of(std::string_view("{}\0{", 4)), "invalid_json");
}

TEST(Json, BoundsDepthSizeAndCount) {
  EXPECT_EQ(reason_of(repeat("[", 100'000)), "too_deep");
  EXPECT_EQ(reason_of(repeat(R"({"a":)", 65) + "1" + repeat("}", 65)), "too_deep");
  EXPECT_EQ(reason_of(repeat(R"({"a":)", 64) + "1" + repeat("}", 64)), "accepted");
  EXPECT_EQ(reason_of(repeat("[", 64) + repeat("]", 64)), "accepted");
  EXPECT_EQ(reason_of("\"" + std::string(100, 'a') + "\"", {.max_bytes = 101}), "too_large");
  EXPECT_EQ(reason_of("\"" + std::string(100, 'a') + "\"", {.max_bytes = 102}), "accepted");
  EXPECT_EQ(reason_of("[" + repeat("1,", 100'000) + "1]"), "too_large");
}

TEST(Json, RefusesDuplicateKeys) {
  EXPECT_EQ(reason_of(R"({"temperature":0,"temperature":9})"), "duplicate_key");
  EXPECT_EQ(reason_of(R"({"a":{"b":1},"c":{"b":1}})"), "accepted");
  EXPECT_EQ(reason_of(R"({"a":1,"\u0061":2})"), "duplicate_key");
}

TEST(Json, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_EQ(reason_of("1e999"), "out_of_range");
  EXPECT_EQ(reason_of("-1e999"), "out_of_range");
  EXPECT_EQ(reason_of(std::string(400, '9')), "out_of_range");
  const auto tiny = parse_json("1e-999");
  ASSERT_TRUE(tiny.is_ok());
  EXPECT_EQ(tiny->get<double>(), 0.0);
  EXPECT_EQ(parse_json("18446744073709551615")->get<uint64_t>(), 18446744073709551615u);
}

TEST(Json, RefusesWhatIsNoUnicode) {
  for (const char* text : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                           "\"\xe4\xb8\"", "\"\xc4\xe3\xba\xc3\""}) {  // the last is GBK
    EXPECT_EQ(reason_of(text), "invalid_utf8");
  }
  EXPECT_EQ(reason_of(std::string("\xff\xfe{\0}\0", 6)), "invalid_utf8");
  for (const char* text : {R"("\ud800")", R"("\udc00\ud800")", R"("\ud800a")", R"("\udc00")"}) {
    EXPECT_EQ(reason_of(text), "invalid_unicode") << text;
  }
}

TEST(Json, AcceptsStrangeButValidText) {
  const auto json = parse_json(R"({"__proto__":1,"constructor":2,"t":"\u202e\u200b\ud83e\udd99"})");
  ASSERT_TRUE(json.is_ok());
  EXPECT_EQ((*json)["t"].get<std::string>(), "\u202e\u200b\U0001F999");
  EXPECT_EQ(reason_of("\"" + repeat("\u0301", 10'000) + "\""), "accepted");
  EXPECT_EQ(reason_of("\"" + repeat("\U0010FFFD", 1000) + "\""), "accepted");
  EXPECT_EQ(parse_json("null")->is_null(), true);
}

TEST(Json, OrderedObjectsKeepTheirOrder) {
  const auto json = parse_ordered_json(R"({"z":1,"a":{"y":2,"b":3}})");
  ASSERT_TRUE(json.is_ok());
  EXPECT_EQ(json->dump(), R"({"z":1,"a":{"y":2,"b":3}})");
  EXPECT_EQ(parse_ordered_json(R"({"z":1,"z":2})").status().reason(), "duplicate_key");
}

TEST(Json, PrintingNeverThrows) {
  EXPECT_EQ(dump_json(Json("a\xff")), "\"a\uFFFD\"");
  EXPECT_EQ(dump_json(Json("\u4e2d\n")), "\"\u4e2d\\n\"");
}

}  // namespace
}  // namespace youtu
