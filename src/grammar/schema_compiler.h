// Goes through a schema and writes the grammar of its values. One file for each family of values:
// schema_compiler.cpp (which family), schema_objects.cpp, schema_arrays.cpp, schema_scalars.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grammar/json_schema.h"
#include "grammar/json_text.h"
#include "grammar/schema_document.h"
#include "grammar/schema_error.h"

namespace youtu {

class SchemaCompiler {
 public:
  SchemaCompiler(OrderedJson root, Grammar& grammar)
      : document_(std::move(root)), grammar_(grammar), json_(grammar) {}

  Result<ExprId> compile();

 private:
  struct OpenReference {
    const OrderedJson* schema = nullptr;
    SchemaPlace place;
    RuleId rule = 0;
  };
  struct Property {
    std::string name;
    const OrderedJson* schema = nullptr;  // nullptr: of the other properties' schema
    bool is_required = false;
  };

  Result<ExprId> any(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> flat(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> reference(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> alternatives(const OrderedJson& schema, const char* keyword,
                              const SchemaPlace& place);
  Status check_disjoint(const std::vector<OrderedJson>& branches, const SchemaPlace& place);
  Result<ExprId> of_type(const std::string& type, const OrderedJson& schema,
                         const SchemaPlace& place);

  Result<ExprId> literals(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> string(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> number(const OrderedJson& schema, bool is_integer, const SchemaPlace& place);

  Result<ExprId> array(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> array_with_prefix(const std::vector<ExprId>& prefix, std::optional<ExprId> item,
                                   uint32_t min, uint32_t max);

  Result<ExprId> object(const OrderedJson& schema, const SchemaPlace& place);
  Result<std::vector<Property>> properties(const OrderedJson& schema, bool may_have_others,
                                           const SchemaPlace& place);
  Result<std::optional<ExprId>> other_member(const OrderedJson& schema,
                                             const std::vector<Property>& properties,
                                             const SchemaPlace& place);
  ExprId members(const std::vector<Property>& properties, const std::vector<ExprId>& texts,
                 std::optional<ExprId> other, const SchemaPlace& place);

  // An expression that is used more than once, as a rule: what is written out twice at each level
  // would grow without end.
  ExprId shared(ExprId expr, const SchemaPlace& place) {
    return grammar_.rule(grammar_.add_rule(place.pointer, expr));
  }

  SchemaDocument document_;
  Grammar& grammar_;
  JsonText json_;
  std::map<std::string, RuleId> references_;  // by pointer
  std::vector<OpenReference> open_;
};

}  // namespace youtu
