// Template text to tokens, with Jinja's whitespace control. Block trimming is on, as Hugging Face
// sets it: the newline after a tag and the blanks before a tag on a line of its own are not text
// (trim_blocks, lstrip_blocks), and one newline at the end of the template is dropped.
#pragma once

#include "text/jinja/token.h"
#include "youtu/status.h"

#include <string_view>
#include <vector>

namespace youtu::jinja {

// The last token is kEnd. Errors read "name:line: what".
Result<std::vector<Token>> tokenize(std::string_view source, std::string_view name);

}  // namespace youtu::jinja
