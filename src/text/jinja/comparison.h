// Equality, order and membership, by Python's rules.
#pragma once

#include "text/jinja/execution.h"

namespace youtu::jinja {

bool equal(Execution& execution, const Value& a, const Value& b);

// a < b. Fails for values that have no order, such as a number and a text.
bool less(Execution& execution, const Value& a, const Value& b);

// item in container.
bool contains(Execution& execution, const Value& container, const Value& item);

}  // namespace youtu::jinja
