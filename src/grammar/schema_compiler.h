// Goes through a schema and writes the grammar of its values. One file for each family of values:
// schema_compiler.cpp (which family), schema_objects.cpp, schema_arrays.cpp, schema_unique.cpp,
// schema_scalars.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grammar/json_schema.h"
#include "grammar/json_text.h"
#include "grammar/number_multiple.h"
#include "grammar/schema_document.h"
#include "grammar/schema_error.h"
#include "grammar/schema_names.h"
#include "grammar/schema_patterns.h"

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
    OrderedJson schema;
    SchemaPlace place;
    bool is_required = false;
  };
  // Those that are named nowhere: a member of any of them, and how many there may be.
  struct OtherMembers {
    std::optional<ExprId> member;
    uint32_t max = kUnbounded;
  };
  struct LengthRange {
    uint32_t min = 0;
    uint32_t max = kUnbounded;
  };
  struct UniqueItems;

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
  Result<ExprId> pattern_of_length(const std::string& pattern, bool is_search,
                                   const LengthRange& lengths, const SchemaPlace& place);
  WriteLetters string_letters();
  Result<ExprId> number(const OrderedJson& schema, bool is_integer, const SchemaPlace& place);
  static Result<std::optional<NumberStep>> read_step(const OrderedJson& schema, bool is_integer,
                                                     const SchemaPlace& place);

  Result<ExprId> array(const OrderedJson& schema, const SchemaPlace& place);
  static Result<LengthRange> array_lengths(const OrderedJson& schema, const SchemaPlace& place);
  Result<ExprId> array_with_prefix(const std::vector<ExprId>& prefix, std::optional<ExprId> item,
                                   uint32_t min, uint32_t max);

  Result<ExprId> unique_array(const OrderedJson& schema, const LengthRange& lengths,
                              const SchemaPlace& place);
  Status add_unique_item(const OrderedJson& schema, UniqueItems& items, const SchemaPlace& place);
  Result<ExprId> different_items(const UniqueItems& items, const LengthRange& lengths,
                                 const SchemaPlace& place);

  Result<ExprId> object(const OrderedJson& schema, const SchemaPlace& place);
  static Result<Property> property_of(const std::string& name, const OrderedJson& schema,
                                      const std::optional<SchemaNames>& names,
                                      const SchemaPlace& place);
  Result<std::optional<ExprId>> other_member(const OrderedJson& schema,
                                             const std::vector<Property>& properties,
                                             const std::optional<SchemaNames>& names,
                                             const SchemaPlace& place);
  ExprId members(const std::vector<Property>& properties, const std::vector<ExprId>& texts,
                 const OtherMembers& other, const SchemaPlace& place);

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
