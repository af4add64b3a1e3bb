#include "grammar/free_text.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace youtu {
namespace {

std::u32string letters_of(std::string_view text) {
  std::u32string letters;
  while (!text.empty()) {
    const DecodedChar letter = decode_utf8(text);
    letters += letter.code_point;
    text.remove_prefix(letter.length);
  }
  return letters;
}

// How much of the marker stands at the end of `seen` letters of it and `next`.
size_t matched_after(const std::u32string& marker, size_t seen, char32_t next) {
  const std::u32string text = marker.substr(0, seen) + next;
  for (size_t length = std::min(text.size(), marker.size());; --length) {
    if (text.ends_with(marker.substr(0, length))) return length;
  }
}

}  // namespace

// The automaton of Knuth, Morris and Pratt as rules: one for each length of the marker that has
// been seen.
ExprId text_through(std::string_view marker, Grammar& grammar) {
  const std::u32string letters = letters_of(marker);
  std::vector<RuleId> seen(letters.size());
  for (RuleId& rule : seen) rule = grammar.add_rule("text before " + std::string(marker));
  CodePointSet others = CodePointSet::all();
  std::u32string distinct = letters;
  std::ranges::sort(distinct);
  distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
  for (const char32_t letter : distinct) others = others.without(CodePointSet::of(letter));

  for (size_t length = 0; length < seen.size(); ++length) {
    std::vector<ExprId> ways = {grammar.sequence({grammar.letters(others), grammar.rule(seen[0])})};
    for (const char32_t letter : distinct) {
      const size_t next = matched_after(letters, length, letter);
      std::string bytes;
      append_utf8(bytes, letter);
      const ExprId text = next > 0 ? grammar.tag(bytes) : grammar.bytes(bytes);
      ways.push_back(next == letters.size() ? text
                                            : grammar.sequence({text, grammar.rule(seen[next])}));
    }
    grammar.set_body(seen[length], grammar.choice(std::move(ways)));
  }
  return grammar.sequence({grammar.rule(seen[0]), grammar.repeat(grammar.bytes("\n"), 0, 2)});
}

}  // namespace youtu
