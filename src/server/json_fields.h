// Reading single fields of a JSON object. An error names the field; null is the same as absent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "youtu/status.h"

namespace youtu {

Status wrong_type(const std::string& name, std::string_view expected);
Status empty_field(const std::string& name);

// The body of a request.
Result<Json> parse_object(std::string_view text);

// The names of its fields that are not among `known`.
std::vector<std::string> unknown_fields(const Json& body, std::span<const std::string_view> known);

// The field's value, or nothing if it is absent or null. REQUIRES: `object` is an object.
const Json* find_field(const Json& object, std::string_view name);

// Leaves `flag` as it is where the field is absent.
Status read_flag(const Json& body, const std::string& name, bool& flag);
Result<std::optional<std::string>> read_text(const Json& body, const std::string& name);
// A whole number in [0, max].
Result<std::optional<int64_t>> read_count(const Json& body, const std::string& name, int64_t max);

}  // namespace youtu
