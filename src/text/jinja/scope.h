// The variables that a piece of a template sees: its own, then those of the pieces around it.
#pragma once

#include "text/jinja/value.h"

#include <string_view>
#include <unordered_map>

namespace youtu::jinja {

class Scope {
 public:
  // `parent` may be null and must outlive this.
  explicit Scope(const Scope* parent) : parent_(parent) {}

  const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope; scope = scope->parent_) {
      const auto found = scope->variables_.find(name);
      if (found != scope->variables_.end()) return &found->second;
    }
    return nullptr;
  }
  // `name` belongs to the syntax tree.
  void set(std::string_view name, Value value) { variables_[name] = std::move(value); }
  void clear() { variables_.clear(); }

 private:
  const Scope* parent_;
  std::unordered_map<std::string_view, Value> variables_;
};

}  // namespace youtu::jinja
