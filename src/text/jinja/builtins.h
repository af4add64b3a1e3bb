// The names that every template knows: filters (`x|trim`), predicates (`x is defined`, which Jinja
// calls tests), methods (`x.strip()`) and global functions (`range(3)`).
#pragma once

#include "text/jinja/arguments.h"
#include "text/jinja/value.h"

#include <span>
#include <string_view>

namespace youtu::jinja {

class Execution;

struct Filter {
  std::string_view name;
  Value (*apply)(Execution& execution, const Value& input, const Arguments& arguments);
};
struct Predicate {
  std::string_view name;
  bool (*holds)(Execution& execution, const Value& input, const Arguments& arguments);
};
struct Method {
  std::string_view name;
  Value (*call)(Execution& execution, const Value& self, const Arguments& arguments);
};
struct Function {
  std::string_view name;
  Value (*call)(Execution& execution, const Arguments& arguments);
};

// Null if there is none of that name.
const Filter* find_filter(std::string_view name);
const Predicate* find_predicate(std::string_view name);
const Method* find_method(const Value& self, std::string_view name);
std::span<const Function> global_functions();

// The tables that the finders read, one for each kind of value.
std::span<const Filter> text_filters();
std::span<const Filter> number_filters();
std::span<const Filter> sequence_filters();
std::span<const Filter> selection_filters();
std::span<const Method> text_methods();
std::span<const Method> list_methods();
std::span<const Method> dict_methods();

}  // namespace youtu::jinja
