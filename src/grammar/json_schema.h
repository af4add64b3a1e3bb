// A JSON schema as an expression of a grammar. What it allows, the schema allows too: where both
// cannot be said at once, less is written, never more; and what would be passed over is refused.
// docs/structured-output.md has the list.
#pragma once

#include <string_view>

#include "grammar/grammar.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxSchemaProperties = 1000;
inline constexpr size_t kMaxPropertyNameBytes = 256;
inline constexpr size_t kMaxEnumValues = 2000;
inline constexpr size_t kMaxAlternatives = 200;
inline constexpr size_t kMaxPrefixItems = 128;
inline constexpr size_t kMaxPatternProperties = 16;
inline constexpr size_t kMaxItemSets = 2048;  // of different items

// Errors have the param "response_format", a JSON pointer at the front of the message, and the
// reason "invalid_json", "invalid_schema", "unsupported_schema" or "schema_too_large".
Result<ExprId> compile_json_schema(std::string_view text, Grammar& grammar);

}  // namespace youtu
