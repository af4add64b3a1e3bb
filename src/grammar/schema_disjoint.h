// Whether two schemas can have a value in common.
#pragma once

#include "base/json.h"
#include "grammar/schema_document.h"

namespace youtu {

// True only if they surely have none: other types, other constants, or a property that both require
// and that tells them apart.
Result<bool> are_disjoint(SchemaDocument& document, const OrderedJson& a, const OrderedJson& b,
                          const SchemaPlace& place);

}  // namespace youtu
