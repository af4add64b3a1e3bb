// The variable `loop` inside a for statement.
#pragma once

#include "text/jinja/object.h"

#include <string_view>

namespace youtu::jinja {

class LoopObject : public Object {
 public:
  explicit LoopObject(size_t size) : size_(size) {}

  // Before each turn: its place, and its neighbours, which are undefined at the ends.
  void advance(size_t index, Value previous, Value next) {
    index_ = index;
    previous_ = std::move(previous);
    next_ = std::move(next);
  }
  // loop.changed(): whether the values differ from those of the last call.
  bool changed(Execution& execution, const std::vector<Value>& values);
  Value cycle(Execution& execution, const std::vector<Value>& values) const;

  std::string_view kind() const override { return "loop"; }
  std::string_view name() const override { return "loop"; }
  bool is_callable() const override { return false; }
  Value call(Execution& execution, const Arguments& arguments) override;
  std::optional<Value> attribute(Execution& execution, std::string_view name) override;

 private:
  size_t size_;
  size_t index_ = 0;
  Value previous_;
  Value next_;
  std::optional<std::vector<Value>> last_values_;
};

}  // namespace youtu::jinja
