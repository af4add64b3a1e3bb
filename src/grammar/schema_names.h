// The names of an object's properties: which of the patterns of patternProperties a name matches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "grammar/json_text.h"
#include "grammar/letter_automaton.h"
#include "grammar/schema_error.h"

namespace youtu {

class SchemaNames {
 public:
  struct Pattern {
    std::string text;
    OrderedJson schema;
    SchemaPlace place;
  };

  // Of a schema's patternProperties, beside the names that stand for themselves.
  static Result<SchemaNames> read(const OrderedJson& schema, const std::vector<std::string>& named,
                                  const SchemaPlace& place);

  // Those that a name matches.
  std::vector<const Pattern*> patterns_of(const std::string& name) const;

  // The names that are not named, in groups: those that match the same patterns, or none.
  struct Group {
    std::vector<const Pattern*> patterns;
    LetterAutomaton::Matches matches = 0;
  };
  std::vector<Group> groups() const;
  // A key of a group, and the colon. It is written without escapes.
  Result<ExprId> key(const Group& group, JsonText& json, const SchemaPlace& place) const;

 private:
  std::vector<const Pattern*> patterns_in(LetterAutomaton::Matches matches) const;

  std::vector<Pattern> patterns_;  // the bit behind theirs is of the names that are named
  LetterAutomaton automaton_;
};

}  // namespace youtu
