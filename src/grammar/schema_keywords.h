// What a keyword of a JSON schema (draft 2020-12, and what OpenAPI adds) means for an output: a
// limit that is held, a word for people, or something that cannot be promised.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "grammar/schema_error.h"

namespace youtu {

// Ok, or which keyword of this schema cannot be honoured. REQUIRES: it is an object.
Status check_keywords(const OrderedJson& schema, const SchemaPlace& place);

// Whether it says anything of values: keywords that are not for people only.
bool is_constraining(std::string_view keyword);
bool has_constraints(const OrderedJson& schema);

// The type that a keyword belongs to, as "string" for minLength; "" for keywords of all types.
std::string_view type_of_keyword(std::string_view keyword);

// A count, as of minLength. Nothing if the keyword is absent.
Result<std::optional<uint32_t>> read_count(const OrderedJson& schema, const char* keyword,
                                           const SchemaPlace& place);

}  // namespace youtu
