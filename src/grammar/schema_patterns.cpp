#include "grammar/schema_patterns.h"

#include "grammar/regex_parser.h"

namespace youtu {

ExprId write_plain_letters(Grammar& grammar, const CodePointSet& letters) {
  return grammar.letters(letters);
}

Result<ExprId> parse_schema_pattern(const std::string& pattern, bool is_search,
                                    const WriteLetters& write_letters, Grammar& grammar,
                                    const SchemaPlace& place) {
  const CodePointSet line_ends = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  const CodePointSet space = {
      {'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
      {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  const RegexOptions options = {.is_search = is_search,
                                .dot = line_ends.complement(),
                                .space = space,
                                .not_space = space.complement(),
                                .write_letters = write_letters};
  const auto content = parse_regex(pattern, options, grammar);
  if (content) return *content;
  const bool is_wrong = content.status().reason() == "invalid_regex";
  return is_wrong ? invalid_schema(place, content.status().message())
                  : unsupported_schema(place, content.status().message());
}

}  // namespace youtu
