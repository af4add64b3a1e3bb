// Changes to texts that both methods and filters need, each with the trust of every character kept.
#pragma once

#include "text/jinja/execution.h"
#include "text/jinja/text_search.h"

#include <optional>
#include <vector>

namespace youtu::jinja {

Value part(Execution& execution, const TracedText& text, ByteRange range);
Value parts(Execution& execution, const TracedText& text, const std::vector<ByteRange>& ranges);

// `characters`: undefined or none means whitespace.
Value strip(Execution& execution, const TracedText& text, const Value& characters, Side side);

// The first `max_count` occurrences, all of them if negative. What is put in keeps its own trust.
Value replace(Execution& execution, const TracedText& text, const TracedText& old_text,
              const TracedText& new_text, int64_t max_count);

// str() of each item with `separator` between them.
Value join(Execution& execution, const std::vector<Value>& items, const TracedText& separator);

}  // namespace youtu::jinja
