// A value that is neither data nor text: something to call (a macro, a method, a function), or with
// attributes of its own (`loop`). The interpreter knows no other way to reach code.
#pragma once

#include "text/jinja/arguments.h"
#include "text/jinja/value.h"

#include <optional>
#include <string_view>

namespace youtu::jinja {

class Execution;

class Object {
 public:
  virtual ~Object() = default;
  virtual std::string_view kind() const = 0;  // "macro", "function", "loop"
  virtual std::string_view name() const = 0;
  virtual bool is_callable() const { return true; }
  virtual Value call(Execution& execution, const Arguments& arguments) = 0;
  virtual std::optional<Value> attribute(Execution&, std::string_view) { return std::nullopt; }
};

}  // namespace youtu::jinja
