#include "grammar/schema_names.h"

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/json_schema.h"

namespace youtu {
namespace {

ExprId spell(std::string_view name, Grammar& grammar) {
  std::vector<ExprId> letters;
  while (!name.empty()) {
    const DecodedChar letter = decode_utf8(name);
    letters.push_back(grammar.letters(CodePointSet::of(letter.code_point)));
    name.remove_prefix(letter.length);
  }
  return grammar.sequence(std::move(letters));
}

Status too_large(const SchemaPlace& place) {
  return schema_too_large(place.below("patternProperties"),
                          "the patterns are too large to be told apart from each other and from "
                          "the names of the properties");
}

}  // namespace

Result<SchemaNames> SchemaNames::read(const OrderedJson& schema,
                                      const std::vector<std::string>& named,
                                      const SchemaPlace& place) {
  const OrderedJson& patterns = schema["patternProperties"];
  const SchemaPlace here = place.below("patternProperties");
  if (!patterns.is_object() || patterns.size() > kMaxPatternProperties) {
    return invalid_schema(here, "this must be an object of at most " +
                                    std::to_string(kMaxPatternProperties) + " patterns");
  }
  SchemaNames names;
  Grammar letters;
  std::vector<ExprId> expressions;
  for (const auto& [text, value] : patterns.items()) {
    names.patterns_.push_back({text, value, here.below(text)});
    const auto expr = parse_schema_pattern(text, /*is_search=*/true, write_plain_letters, letters,
                                           names.patterns_.back().place);
    RETURN_IF_ERROR(expr);
    expressions.push_back(*expr);
  }
  std::vector<ExprId> spellings;
  for (const std::string& name : named) spellings.push_back(spell(name, letters));
  expressions.push_back(letters.choice(std::move(spellings)));
  auto automaton = LetterAutomaton::build(letters, expressions);
  if (!automaton) return too_large(place);
  names.automaton_ = *std::move(automaton);
  return names;
}

std::vector<const SchemaNames::Pattern*> SchemaNames::patterns_in(
    LetterAutomaton::Matches matches) const {
  std::vector<const Pattern*> patterns;
  for (size_t i = 0; i < patterns_.size(); ++i) {
    if ((matches >> i & 1) != 0) patterns.push_back(&patterns_[i]);
  }
  return patterns;
}

std::vector<const SchemaNames::Pattern*> SchemaNames::patterns_of(const std::string& name) const {
  return patterns_in(automaton_.matches_of(name));
}

std::vector<SchemaNames::Group> SchemaNames::groups() const {
  std::vector<Group> groups;
  for (const LetterAutomaton::Matches matches : automaton_.all_matches()) {
    const bool is_named = (matches >> patterns_.size() & 1) != 0;
    if (!is_named) groups.push_back({patterns_in(matches), matches});
  }
  return groups;
}

Result<ExprId> SchemaNames::key(const Group& group, JsonText& json,
                                const SchemaPlace& place) const {
  const auto spelling = automaton_.write(
      json.grammar(),
      {.accepts = [&](auto matches) { return matches == group.matches; },
       .write_letters = [&json](Grammar&,
                                const CodePointSet& letters) { return json.plain_letter(letters); },
       .name = place.below("patternProperties").pointer});
  if (!spelling) return too_large(place);
  return json.spelled_key(*spelling);
}

}  // namespace youtu
