// The form of an answer that has to call tools, or may do so beside the form that it has to have.
#pragma once

#include <optional>
#include <vector>

#include "server/tools.h"
#include "youtu/output_format.h"
#include "youtu/status.h"

namespace youtu {

// Nothing where the model is free in what it writes. `answer_format` is the form of an answer that
// calls no tool; with tools it can be JSON only.
Result<std::optional<OutputFormat>> make_tool_format(
    const std::vector<Tool>& tools, const ToolChoice& choice, bool may_call_several,
    const std::optional<OutputFormat>& answer_format);

// What is wrong with a schema must be said even where it is not held; that a right one has words
// which cannot be held matters only where it is.
Status check_tool_schemas(const std::vector<Tool>& tools);

}  // namespace youtu
