// What is asked: conversations, each a pure function of its number, so that a run can be repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::load {

inline constexpr int32_t kMaxTurns = 1000;
inline constexpr int32_t kMaxWorkloadTokens = 1 << 20;

struct Conversation {
  std::vector<ChatMessage> opening;     // before the user's first turn; may be empty
  std::vector<std::string> user_turns;  // at least one; answered one after the other
  std::vector<int32_t> max_tokens;      // of each answer
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual Conversation conversation(uint64_t index) const = 0;
  // After so many they come again; 0: each is new.
  virtual size_t num_different() const = 0;
};

// How many tokens a text of so many words becomes, template included, as the server under load
// counts them.
struct PromptScale {
  double tokens_per_word = 1;
  double overhead_tokens = 0;
};

struct RandomLengths {
  int32_t input_len = 128;   // tokens of the user's text in each turn
  int32_t output_len = 128;  // tokens of each answer
  double range_ratio = 0;    // lengths are even within [1 - ratio, 1 + ratio] of these; below 1
  int32_t turns = 1;
};

// Random words, so that no two prompts begin alike. Answers have their lengths only where the
// server can be told to ignore the end token.
std::unique_ptr<Workload> make_random_workload(const RandomLengths& lengths,
                                               const PromptScale& scale, uint64_t seed);

// A text of exactly `num_words` of the words that random prompts are made of.
std::string random_words(int64_t num_words, uint64_t seed, uint64_t index);

// The built-in conversations, in Chinese and English. REQUIRES: 1 <= turns <= kMaxTurns; a
// conversation that is shorter begins anew, within its own history.
std::unique_ptr<Workload> make_demo_workload(int32_t turns, int32_t output_len);

// JSON lines: {"prompt": "..."}, {"turns": ["...", ...]} or {"messages": [...]} that ends with the
// user's; each may have "max_tokens" in place of `output_len`. Errors name the line.
Result<std::unique_ptr<Workload>> parse_workload(std::string_view jsonl, const std::string& name,
                                                 int32_t output_len);
Result<std::unique_ptr<Workload>> read_workload(const std::string& path, int32_t output_len);

}  // namespace youtu::load
