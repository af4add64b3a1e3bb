#include "text/pre_tokenizer.h"

#include "base/check.h"
#include "base/utf8.h"
#include "text/oniguruma_pattern.h"

#include <algorithm>
#include <utility>

namespace youtu {

namespace {

struct Piece {
  TextRange range;
  bool is_match = false;
};

// Every match and what lies between, in order; together they are the whole word. Empty matches cut
// and are then gone.
Status find_pieces(const SplitPattern& pattern, std::string_view word, std::vector<Piece>& pieces) {
  size_t done = 0;
  size_t from = 0;
  while (from <= word.size()) {
    const auto match = pattern.find(word, from);
    RETURN_IF_ERROR(match);
    if (!match->found) break;
    if (match->begin > done) pieces.push_back({{done, match->begin}, false});
    if (match->end > match->begin) pieces.push_back({{match->begin, match->end}, true});
    done = match->end;
    from = match->end;
    if (match->end == match->begin) {
      if (from == word.size()) break;
      from += decode_utf8(word.substr(from)).length;
    }
  }
  if (done < word.size()) pieces.push_back({{done, word.size()}, false});
  return {};
}

// Each of these joins neighbours of `pieces` into the words that `behavior` asks for.
void join_contiguous(const std::vector<Piece>& pieces, std::vector<TextRange>& words) {
  bool previous_is_match = false;
  for (const Piece& piece : pieces) {
    if (!words.empty() && piece.is_match == previous_is_match) {
      words.back().end = piece.range.end;
    } else {
      words.push_back(piece.range);
    }
    previous_is_match = piece.is_match;
  }
}

void join_with_previous(const std::vector<Piece>& pieces, std::vector<TextRange>& words) {
  bool previous_is_match = false;
  for (const Piece& piece : pieces) {
    if (!words.empty() && piece.is_match && !previous_is_match) {
      words.back().end = piece.range.end;
    } else {
      words.push_back(piece.range);
    }
    previous_is_match = piece.is_match;
  }
}

void join_with_next(const std::vector<Piece>& pieces, std::vector<TextRange>& words) {
  bool next_is_match = false;
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    if (!words.empty() && piece->is_match && !next_is_match) {
      words.back().begin = piece->range.begin;
    } else {
      words.push_back(piece->range);
    }
    next_is_match = piece->is_match;
  }
  std::reverse(words.begin(), words.end());
}

std::vector<TextRange> join_pieces(const std::vector<Piece>& pieces, SplitBehavior behavior) {
  std::vector<TextRange> words;
  words.reserve(pieces.size());
  switch (behavior) {
    case SplitBehavior::kIsolated:
    case SplitBehavior::kRemoved:
      for (const Piece& piece : pieces) {
        if (behavior == SplitBehavior::kIsolated || !piece.is_match) words.push_back(piece.range);
      }
      break;
    case SplitBehavior::kContiguous:
      join_contiguous(pieces, words);
      break;
    case SplitBehavior::kMergedWithPrevious:
      join_with_previous(pieces, words);
      break;
    case SplitBehavior::kMergedWithNext:
      join_with_next(pieces, words);
      break;
  }
  return words;
}

// A pattern that needs too many steps for a run of one kind of character would do so for a user's
// text: it is tried when it is loaded, not when it is too late.
Status probe(const std::string& translated) {
  constexpr size_t kProbeLength = 10'000;
  // Without PCRE2's look at the whole text first, which would pass over "(a+)+b" where there is no
  // b.
  const auto compiled = SplitPattern::compile("(*NO_START_OPT)" + translated);
  RETURN_IF_ERROR(compiled);
  for (const std::string_view unit : {"a", "A", " ", "\n", "1", "!", "a1", "字"}) {
    std::string text;
    while (text.size() < kProbeLength) text += unit;
    for (const std::string_view tail : {"", "\x01"}) {
      text += tail;
      const auto match = compiled->find(text, 0);
      if (!match) return match.status();
    }
  }
  return {};
}

}  // namespace

Result<PreTokenizer::Stage> PreTokenizer::compile_stage(const SplitStage& split) {
  if (split.pattern.size() > kMaxPatternBytes) {
    return Status::invalid_argument("a pattern of " + std::to_string(split.pattern.size()) +
                                    " bytes (at most " + std::to_string(kMaxPatternBytes) + ")");
  }
  if (!is_utf8(split.pattern)) return Status::invalid_argument("a pattern that is not UTF-8");
  if (!split.is_regex) {
    return Stage{false, SplitPattern::literal(split.pattern), split.behavior, split.invert};
  }
  const auto translated = translate_oniguruma(split.pattern);
  RETURN_IF_ERROR(translated);
  auto pattern = SplitPattern::compile(*translated);
  RETURN_IF_ERROR(pattern);
  RETURN_IF_ERROR(probe(*translated));
  return Stage{false, std::move(*pattern), split.behavior, split.invert};
}

Result<PreTokenizer> PreTokenizer::create(std::span<const PreTokenizerStage> stages) {
  PreTokenizer result;
  if (stages.size() > kMaxPipelineStages) {
    return Status::invalid_argument("pre_tokenizer: " + std::to_string(stages.size()) +
                                    " stages (at most " + std::to_string(kMaxPipelineStages) + ")");
  }
  for (const PreTokenizerStage& stage : stages) {
    if (const auto* split = std::get_if<SplitStage>(&stage)) {
      auto compiled = compile_stage(*split);
      if (!compiled) return compiled.status().with_prefix("pre_tokenizer: ");
      result.stages_.push_back(std::move(*compiled));
    } else {
      result.stages_.emplace_back().prefix_space = true;
    }
  }
  return result;
}

Status PreTokenizer::split_word(const Stage& stage, std::string_view text, TextRange word,
                                std::vector<TextRange>& out) {
  std::vector<Piece> pieces;
  RETURN_IF_ERROR(find_pieces(stage.pattern, slice(text, word), pieces));
  if (stage.invert) {
    for (Piece& piece : pieces) piece.is_match = !piece.is_match;
  }
  for (const TextRange& range : join_pieces(pieces, stage.behavior)) {
    out.push_back({word.begin + range.begin, word.begin + range.end});
  }
  return {};
}

void PreTokenizer::put_prefix_spaces(Words& words) {
  Words spaced;
  spaced.text.reserve(words.text.size() + words.ranges.size());
  for (const TextRange& range : words.ranges) {
    const size_t begin = spaced.text.size();
    const std::string_view word = slice(words.text, range);
    if (!word.starts_with(' ')) spaced.text += ' ';
    spaced.text += word;
    spaced.ranges.push_back({begin, spaced.text.size()});
  }
  words = std::move(spaced);
}

Result<PreTokenizer::Words> PreTokenizer::split(std::string text) const {
  Words words;
  words.text = std::move(text);
  if (!words.text.empty()) words.ranges.push_back({0, words.text.size()});
  for (const Stage& stage : stages_) {
    if (stage.prefix_space) {
      put_prefix_spaces(words);
      continue;
    }
    std::vector<TextRange> next;
    for (const TextRange& word : words.ranges) {
      RETURN_IF_ERROR(split_word(stage, words.text, word, next));
    }
    words.ranges = std::move(next);
  }
  return words;
}

}  // namespace youtu
