#include "grammar/regex_parser.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/regex_classes.h"

namespace youtu {
namespace {

class RegexParser {
 public:
  RegexParser(std::string_view pattern, const RegexOptions& options, Grammar& grammar)
      : reader_(pattern), options_(options), grammar_(grammar) {}

  Result<ExprId> parse() {
    auto whole = parse_alternatives(0);
    RETURN_IF_ERROR(whole);
    if (!reader_.is_at_end()) return reader_.error("a ) without its (");
    if (grammar_.is_too_large()) return reader_.error("the pattern is too large");
    return whole;
  }

 private:
  Result<ExprId> parse_alternatives(int depth) {
    if (depth > kMaxRegexDepth) {
      return reader_.error("nested deeper than " + std::to_string(kMaxRegexDepth));
    }
    std::vector<ExprId> alternatives;
    do {
      auto one = parse_sequence(depth);
      RETURN_IF_ERROR(one);
      alternatives.push_back(*one);
    } while (reader_.take("|"));
    return grammar_.choice(std::move(alternatives));
  }

  bool is_sequence_over() const {
    return reader_.is_at_end() || reader_.is_next("|") || reader_.is_next(")");
  }

  // Anchors have their place only at the ends of the alternatives that are not in a group.
  Result<ExprId> parse_sequence(int depth) {
    std::vector<ExprId> parts;
    const bool is_anchored = depth == 0 && reader_.take("^");
    bool is_end_anchored = false;
    if (depth == 0 && options_.is_search && !is_anchored) parts.push_back(any_text());
    while (!is_sequence_over()) {
      if (depth == 0 && reader_.is_next("$")) {
        const char after = reader_.peek(1);
        if (after == '\0' || after == '|') {
          is_end_anchored = reader_.take("$");
          break;
        }
      }
      auto part = parse_quantified(depth);
      RETURN_IF_ERROR(part);
      parts.push_back(*part);
    }
    if (depth == 0 && options_.is_search && !is_end_anchored) parts.push_back(any_text());
    return grammar_.sequence(std::move(parts));
  }

  ExprId any_text() {
    return grammar_.repeat(options_.write_letters(grammar_, CodePointSet::all()), 0, kUnbounded);
  }

  Result<ExprId> parse_quantified(int depth) {
    auto atom = parse_atom(depth);
    RETURN_IF_ERROR(atom);
    const size_t place = reader_.offset();
    uint32_t min = 0;
    uint32_t max = kUnbounded;
    if (reader_.take("*")) {
    } else if (reader_.take("+")) {
      min = 1;
    } else if (reader_.take("?")) {
      max = 1;
    } else if (const auto counts = take_counts()) {
      std::tie(min, max) = *counts;
    } else {
      return atom;
    }
    if (min > kMaxRegexRepeat || (max != kUnbounded && max > kMaxRegexRepeat)) {
      return reader_.error_at(place,
                              "more than " + std::to_string(kMaxRegexRepeat) + " repetitions");
    }
    if (min > max) return reader_.error_at(place, "the counts are the wrong way round");
    reader_.take("?");  // lazy: the same texts
    if (reader_.is_next("+")) return reader_.unsupported("possessive repetition is not supported");
    if (reader_.is_next("*") || reader_.is_next("?") || is_counts_next()) {
      return reader_.error("there is nothing to repeat");
    }
    return grammar_.repeat(*atom, min, max);
  }

  bool is_counts_next() {
    RegexReader saved = reader_;
    const bool is_next = take_counts().has_value();
    reader_ = saved;
    return is_next;
  }

  // {n}, {n,} or {n,m}. Any other brace is a letter, and nothing is taken.
  std::optional<std::pair<uint32_t, uint32_t>> take_counts() {
    RegexReader saved = reader_;
    if (reader_.take("{")) {
      if (const auto min = reader_.take_number(kMaxRegexRepeat)) {
        uint32_t max = *min;
        if (reader_.take(",")) max = reader_.take_number(kMaxRegexRepeat).value_or(kUnbounded);
        if (reader_.take("}")) return std::pair(*min, max);
      }
    }
    reader_ = saved;
    return std::nullopt;
  }

  Result<ExprId> parse_atom(int depth) {
    if (reader_.take("(")) return parse_group(depth);
    if (reader_.take(".")) return options_.write_letters(grammar_, options_.dot);
    if (reader_.take("[")) return write(parse_class(reader_, options_));
    if (reader_.take("\\")) return write(parse_escape(reader_, options_, /*in_class=*/false));
    if (reader_.is_next("^") || reader_.is_next("$")) {
      return reader_.unsupported("an anchor is supported at the ends of the pattern only");
    }
    if (reader_.is_next("*") || reader_.is_next("+") || reader_.is_next("?") || is_counts_next()) {
      return reader_.error("there is nothing to repeat");
    }
    return options_.write_letters(grammar_, CodePointSet::of(reader_.take_letter()));
  }

  Result<ExprId> write(const Result<CodePointSet>& set) {
    RETURN_IF_ERROR(set);
    return options_.write_letters(grammar_, *set);
  }

  Result<ExprId> parse_group(int depth) {
    const size_t begin = reader_.offset() - 1;
    if (reader_.is_next("?")) RETURN_IF_ERROR(skip_group_name());
    auto inner = parse_alternatives(depth + 1);
    RETURN_IF_ERROR(inner);
    if (!reader_.take(")")) return reader_.error_at(begin, "this group has no end");
    return inner;
  }

  Status skip_group_name() {
    if (reader_.take("?:")) return Status::ok();
    const bool is_lookbehind = reader_.is_next("?<=") || reader_.is_next("?<!");
    if (!is_lookbehind && (reader_.take("?<") || reader_.take("?P<"))) {
      while (!reader_.is_at_end() && !reader_.is_next(">")) reader_.take_letter();
      return reader_.take(">") ? Status::ok() : reader_.error("this group's name has no end");
    }
    return reader_.unsupported("looking around, flags and conditions are not supported");
  }

  RegexReader reader_;
  const RegexOptions& options_;
  Grammar& grammar_;
};

}  // namespace

RegexOptions whole_text_regex() {
  const CodePointSet space = {{'\t', '\r'}, {' ', ' '}};
  return {.is_search = false,
          .dot = CodePointSet::of('\n').complement(),
          .space = space,
          .not_space = space.complement(),
          .write_letters = [](Grammar& grammar, const CodePointSet& letters) {
            return grammar.letters(letters);
          }};
}

Result<ExprId> parse_regex(std::string_view pattern, const RegexOptions& options,
                           Grammar& grammar) {
  if (pattern.size() > kMaxRegexBytes) {
    return Status::invalid_argument("the pattern has " + std::to_string(pattern.size()) +
                                        " bytes (at most " + std::to_string(kMaxRegexBytes) + ")",
                                    {}, "too_large");
  }
  if (const size_t bad = find_invalid_utf8(pattern); bad != std::string_view::npos) {
    return Status::invalid_argument("offset " + std::to_string(bad) + ": not UTF-8", {},
                                    "invalid_utf8");
  }
  return RegexParser(pattern, options, grammar).parse();
}

}  // namespace youtu
