// Template text to a syntax tree.
#pragma once

#include "text/jinja/ast.h"
#include "youtu/status.h"

#include <string_view>

namespace youtu::jinja {

// Errors are kInvalidArgument and read "name:line: what".
Result<Block> parse_template(std::string_view source, std::string_view name);

}  // namespace youtu::jinja
