// Random prompts: words whose number is chosen so that the server counts the tokens that were asked
// for.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "load/workload.h"

namespace youtu::load {

namespace {

// Short and frequent, so that most tokenizers have a token or two for each.
constexpr std::array<std::string_view, 128> kWords = {
    "about", "after",   "again",  "air",    "all",     "and",     "animal", "answer",   "are",
    "ask",   "back",    "begin",  "better", "between", "big",     "body",   "book",     "boy",
    "bring", "build",   "call",   "car",    "change",  "city",    "close",  "cold",     "come",
    "could", "cut",     "day",    "deep",   "door",    "down",    "draw",   "earth",    "eat",
    "end",   "even",    "every",  "eye",    "face",    "farm",    "father", "feel",     "find",
    "fire",  "first",   "fish",   "food",   "form",    "friend",  "from",   "game",     "girl",
    "give",  "good",    "great",  "green",  "ground",  "group",   "hand",   "hard",     "head",
    "hear",  "help",    "high",   "home",   "horse",   "house",   "idea",   "island",   "just",
    "keep",  "kind",    "know",   "land",   "large",   "learn",   "letter", "life",     "light",
    "line",  "list",    "little", "live",   "long",    "look",    "man",    "many",     "map",
    "mark",  "measure", "money",  "month",  "moon",    "morning", "mother", "mountain", "move",
    "music", "name",    "near",   "need",   "never",   "night",   "north",  "number",   "often",
    "open",  "order",   "page",   "paper",  "people",  "place",   "plant",  "point",    "question",
    "rain",  "river",   "road",   "school", "science", "sea",     "show",   "stone",    "story",
    "table", "tree"};

// Draws are a function of (seed, conversation, turn, what for).
double draw(uint64_t seed, uint64_t index, uint64_t turn, uint64_t purpose) {
  return random_unit(random_bits(seed, index), turn << 8 | purpose);
}

int32_t length_around(int32_t length, double ratio, double unit) {
  const auto around = static_cast<double>(length);
  const auto low = static_cast<int64_t>(std::ceil(around * (1 - ratio)));
  const auto high = static_cast<int64_t>(std::floor(around * (1 + ratio)));
  const auto drawn = low + static_cast<int64_t>(unit * static_cast<double>(high - low + 1));
  return static_cast<int32_t>(std::clamp<int64_t>(drawn, 1, kMaxWorkloadTokens));
}

class RandomWorkload final : public Workload {
 public:
  RandomWorkload(const RandomLengths& lengths, const PromptScale& scale, uint64_t seed)
      : lengths_(lengths), scale_(scale), seed_(seed) {}

  Conversation conversation(uint64_t index) const override {
    Conversation made;
    for (int32_t i = 0; i < lengths_.turns; ++i) {
      const auto turn = static_cast<uint64_t>(i);
      const int32_t input =
          length_around(lengths_.input_len, lengths_.range_ratio, draw(seed_, index, turn, 0));
      const double words = (input - scale_.overhead_tokens) / scale_.tokens_per_word;
      const auto num_words = std::max<int64_t>(1, std::llround(words));
      made.user_turns.push_back(random_words(num_words, seed_ + 1, index * kMaxTurns + turn));
      made.max_tokens.push_back(
          length_around(lengths_.output_len, lengths_.range_ratio, draw(seed_, index, turn, 1)));
    }
    return made;
  }
  size_t num_different() const override { return 0; }

 private:
  RandomLengths lengths_;
  PromptScale scale_;
  uint64_t seed_;
};

}  // namespace

std::string random_words(int64_t num_words, uint64_t seed, uint64_t index) {
  const uint64_t key = random_bits(seed, index);
  std::string text;
  for (int64_t i = 0; i < num_words; ++i) {
    if (i > 0) text.push_back(' ');
    text.append(kWords[random_bits(key, static_cast<uint64_t>(i)) % kWords.size()]);
  }
  return text;
}

std::unique_ptr<Workload> make_random_workload(const RandomLengths& lengths,
                                               const PromptScale& scale, uint64_t seed) {
  return std::make_unique<RandomWorkload>(lengths, scale, seed);
}

}  // namespace youtu::load
