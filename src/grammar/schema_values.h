// The values of a schema that are few enough to be written down one by one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "grammar/schema_error.h"

namespace youtu {

// Equal as JSON values are: 1 is 1.0, and the order of an object's members does not matter.
bool are_equal(const OrderedJson& a, const OrderedJson& b);

// Whether a value has the type, where 1.0 is an integer.
bool has_type(const OrderedJson& value, const std::string& type);

// The values of enum and const that the type beside them allows. Other limits beside them would
// have to be looked at value by value, and are refused. REQUIRES: the schema has one of the two.
Result<std::vector<OrderedJson>> constants_of(const OrderedJson& schema, const SchemaPlace& place);

// The different values of an enum, a const, or of the types boolean and null. Nothing for other
// schemas, and for those with more keywords. REQUIRES: the schema is flat.
Result<std::optional<std::vector<OrderedJson>>> listed_values(const OrderedJson& schema,
                                                              const SchemaPlace& place);

}  // namespace youtu
