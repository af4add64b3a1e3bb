// Cuts text into the words that byte-pair encoding works on: a sequence of stages, each of which
// cuts every word of the stage before. The rules are those of Hugging Face's "Sequence" of "Split".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/split_pattern.h"
#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

// A stretch of a text, in bytes.
struct TextRange {
  size_t begin = 0;
  size_t end = 0;
  size_t size() const { return end - begin; }
  bool operator==(const TextRange&) const = default;
};

inline std::string_view slice(std::string_view text, TextRange range) {
  return text.substr(range.begin, range.size());
}

class PreTokenizer {
 public:
  // Errors begin with "pre_tokenizer: ".
  static Result<PreTokenizer> create(std::span<const PreTokenizerStage> stages);

  // Words in order, none of them empty. They are ranges of `text`, which a stage may have changed.
  struct Words {
    std::string text;
    std::vector<TextRange> ranges;
  };
  // REQUIRES: UTF-8. Fails, with reason "too_complex", where a pattern reaches its limits.
  Result<Words> split(std::string text) const;

 private:
  struct Stage {
    bool prefix_space = false;
    SplitPattern pattern = SplitPattern::literal({});
    SplitBehavior behavior = SplitBehavior::kIsolated;
    bool invert = false;
  };

  static Result<Stage> compile_stage(const SplitStage& split);
  static Status split_word(const Stage& stage, std::string_view text, TextRange word,
                           std::vector<TextRange>& out);
  static void put_prefix_spaces(Words& words);

  std::vector<Stage> stages_;
};

}  // namespace youtu
