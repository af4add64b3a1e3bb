// The regular expressions of a schema: `pattern`, `format` and `patternProperties`. They are
// JavaScript's.
#pragma once

#include <functional>
#include <string>

#include "grammar/grammar.h"
#include "grammar/schema_error.h"

namespace youtu {

// How one letter of a set is written.
using WriteLetters = std::function<ExprId(Grammar&, const CodePointSet&)>;

// The letters themselves.
ExprId write_plain_letters(Grammar& grammar, const CodePointSet& letters);

// The texts that match `pattern`: anywhere in them if `is_search`, else as a whole. An error points
// to `place`.
Result<ExprId> parse_schema_pattern(const std::string& pattern, bool is_search,
                                    const WriteLetters& write_letters, Grammar& grammar,
                                    const SchemaPlace& place);

}  // namespace youtu
