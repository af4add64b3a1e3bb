// The fields that give an answer its form: OpenAI's response_format, and what vLLM and llama-server
// call theirs.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/json.h"
#include "youtu/output_format.h"
#include "youtu/status.h"

namespace youtu {

std::span<const std::string_view> format_field_names();

// Nothing where the request asks for no form. `text` is the body once more: the order of a schema's
// properties is the order of the answer's, and a parsed body has lost it. That a schema can be held
// is for the engine to say. REQUIRES: `body` is an object and what `text` says.
Result<std::optional<OutputFormat>> read_format_fields(const Json& body, std::string_view text);

// OpenAI's {"type": "text" | "json_object" | "json_schema", …}; of the responses API the schema
// lies beside the type. `name` is the field's for errors.
Result<std::optional<OutputFormat>> read_format_object(const OrderedJson& format,
                                                       const std::string& name);

}  // namespace youtu
