// Text that ends with a marker: what a model thinks before an answer that has a form.
#pragma once

#include <string_view>

#include "grammar/grammar.h"

namespace youtu {

// Any text up to and with the first `marker`, and at most two line feeds behind it. The marker may
// be written with a control token of that spelling. REQUIRES: it is not empty, and UTF-8.
ExprId text_through(std::string_view marker, Grammar& grammar);

}  // namespace youtu
