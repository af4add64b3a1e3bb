// The arguments of a call, and how a function of ours receives them: by position or by keyword.
#pragma once

#include "text/jinja/value.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace youtu::jinja {

class Execution;

struct Arguments {
  struct Keyword {
    std::string_view name;  // belongs to the syntax tree or to a dict that outlives the call
    Value value;
  };
  std::vector<Value> positional = {};
  std::vector<Keyword> keywords = {};
};

// The arguments sorted into the places of a signature. After a mistake (too many, an unknown
// keyword, one missing) the Execution has failed, and the places hold what they can.
class BoundArguments {
 public:
  static constexpr size_t kMaxParameters = 8;

  BoundArguments(Execution& execution, std::string_view function, const Arguments& arguments,
                 std::initializer_list<std::string_view> parameters, size_t num_required = 0);

  bool has(size_t i) const { return places_[i] != nullptr; }
  // Undefined where no argument was given.
  const Value& operator[](size_t i) const;
  // These fail the Execution if the argument has another type.
  int64_t integer_or(size_t i, int64_t fallback) const;
  bool bool_or(size_t i, bool fallback) const;
  std::string_view bytes_or(size_t i, std::string_view fallback) const;

 private:
  void fail_type(size_t i, std::string_view expected) const;

  Execution& execution_;
  std::string_view function_;
  std::array<std::string_view, kMaxParameters> names_ = {};
  std::array<const Value*, kMaxParameters> places_ = {};
};

}  // namespace youtu::jinja
