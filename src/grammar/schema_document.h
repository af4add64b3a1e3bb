// A schema with what its references name: one view of it in which $ref and allOf are gone.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "grammar/schema_error.h"

namespace youtu {

// How many schemas one may become; allOf and references multiply.
inline constexpr size_t kMaxSchemas = 20'000;
inline constexpr int kMaxSchemaDepth = 64;

class SchemaDocument {
 public:
  explicit SchemaDocument(OrderedJson root) : root_(std::move(root)) {}

  const OrderedJson& root() const { return root_; }

  // What "#/..." names, and where it is.
  struct Target {
    const OrderedJson* schema = nullptr;
    SchemaPlace place;
  };
  Result<Target> resolve(const OrderedJson& reference, const SchemaPlace& place) const;

  // The schema as one without $ref, allOf and nullable. Fails where they cannot be merged into one.
  // REQUIRES: it is an object.
  Result<OrderedJson> flatten(const OrderedJson& schema, const SchemaPlace& place);
  // The schema of the values that both allow. REQUIRES: both are flat.
  Result<OrderedJson> merge(const OrderedJson& a, const OrderedJson& b, const SchemaPlace& place);

  // Counts a schema; fails beyond kMaxSchemas.
  Status count_schema(const SchemaPlace& place);

 private:
  OrderedJson root_;
  size_t num_schemas_ = 0;
};

// The types that a schema names; all of them if it names none. "integer" is a type of its own.
Result<std::vector<std::string>> types_of(const OrderedJson& schema, const SchemaPlace& place);

}  // namespace youtu
