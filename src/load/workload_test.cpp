#include "load/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace youtu::load {
namespace {

int64_t num_words(const std::string& text) {
  return std::count(text.begin(), text.end(), ' ') + 1;
}

TEST(RandomWorkload, HasTheLengthsThatTheScaleGives) {
  RandomLengths lengths;
  lengths.input_len = 110;
  lengths.output_len = 30;
  lengths.turns = 3;
  const PromptScale scale = {.tokens_per_word = 2, .overhead_tokens = 10};
  const auto workload = make_random_workload(lengths, scale, 1);
  EXPECT_EQ(workload->num_different(), 0u);
  const Conversation made = workload->conversation(5);
  ASSERT_EQ(made.user_turns.size(), 3u);
  for (const std::string& turn : made.user_turns) EXPECT_EQ(num_words(turn), 50);
  EXPECT_EQ(made.max_tokens, (std::vector<int32_t>{30, 30, 30}));
  EXPECT_TRUE(made.opening.empty());
}

TEST(RandomWorkload, LengthsFillTheirRange) {
  RandomLengths lengths;
  lengths.input_len = 10;
  lengths.output_len = 10;
  lengths.range_ratio = 0.5;
  const auto workload = make_random_workload(lengths, {}, 2);
  std::set<int64_t> inputs;
  std::set<int64_t> outputs;
  for (uint64_t i = 0; i < 1000; ++i) {
    const Conversation made = workload->conversation(i);
    inputs.insert(num_words(made.user_turns[0]));
    outputs.insert(made.max_tokens[0]);
  }
  const std::set<int64_t> five_to_fifteen = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  EXPECT_EQ(inputs, five_to_fifteen);
  EXPECT_EQ(outputs, five_to_fifteen);
}

TEST(RandomWorkload, IsAFunctionOfSeedAndNumber) {
  const auto text = [](uint64_t seed, uint64_t index) {
    return make_random_workload({}, {}, seed)->conversation(index).user_turns[0];
  };
  EXPECT_EQ(text(1, 7), text(1, 7));
  std::set<std::string> beginnings;
  for (uint64_t i = 0; i < 200; ++i) {
    beginnings.insert(text(1, i).substr(0, 40));
    beginnings.insert(text(2, i).substr(0, 40));
  }
  EXPECT_EQ(beginnings.size(), 400u);
}

TEST(RandomWorkload, APromptHasAWordAtLeast) {
  RandomLengths lengths;
  lengths.input_len = 1;
  const auto workload =
      make_random_workload(lengths, {.tokens_per_word = 2, .overhead_tokens = 30}, 0);
  EXPECT_EQ(num_words(workload->conversation(0).user_turns[0]), 1);
}

TEST(DemoWorkload, ComesAgain) {
  const auto workload = make_demo_workload(6, 9);
  const size_t num = workload->num_different();
  ASSERT_GT(num, 1u);
  EXPECT_EQ(workload->conversation(1).user_turns, workload->conversation(1 + num).user_turns);
  EXPECT_NE(workload->conversation(0).user_turns, workload->conversation(1).user_turns);
  EXPECT_EQ(workload->conversation(0).user_turns.size(), 6u);
  EXPECT_EQ(workload->conversation(0).max_tokens, std::vector<int32_t>(6, 9));
}

TEST(FileWorkload, TakesThreeForms) {
  const auto workload = parse_workload(
      "{\"prompt\": \"a\"}\n\n"
      "{\"turns\": [\"b\", \"c\"], \"max_tokens\": 3}\r\n"
      "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, "
      "{\"role\": \"user\", \"content\": \"d\"}]}",
      "f", 5);
  ASSERT_TRUE(workload.is_ok()) << workload.status().message();
  ASSERT_EQ((*workload)->num_different(), 3u);
  EXPECT_EQ((*workload)->conversation(0).user_turns, std::vector<std::string>{"a"});
  EXPECT_EQ((*workload)->conversation(0).max_tokens, std::vector<int32_t>{5});
  EXPECT_EQ((*workload)->conversation(1).user_turns, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ((*workload)->conversation(1).max_tokens, (std::vector<int32_t>{3, 3}));
  const Conversation last = (*workload)->conversation(2);
  ASSERT_EQ(last.opening.size(), 1u);
  EXPECT_EQ(last.opening[0].role, "system");
  EXPECT_EQ(last.user_turns, std::vector<std::string>{"d"});
}

TEST(FileWorkload, NamesTheLineThatIsWrong) {
  for (const char* line :
       {"{", "[]", "7", "{}", "{\"prompt\": 1}", "{\"prompt\": \"\"}", "{\"turns\": []}",
        "{\"turns\": [\"a\", 1]}", "{\"messages\": []}", "{\"messages\": [{\"role\": \"user\"}]}",
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}",
        "{\"prompt\": \"a\", \"turns\": [\"b\"]}", "{\"prompt\": \"a\", \"max_tokens\": 0}",
        "{\"prompt\": \"a\", \"max_tokens\": 1.5}"}) {
    const auto workload = parse_workload("{\"prompt\": \"a\"}\n" + std::string(line), "f", 5);
    ASSERT_FALSE(workload.is_ok()) << line;
    EXPECT_TRUE(workload.status().message().starts_with("f:2: ")) << workload.status().message();
  }
  EXPECT_FALSE(parse_workload("\n \n", "f", 5).is_ok());
}

}  // namespace
}  // namespace youtu::load
