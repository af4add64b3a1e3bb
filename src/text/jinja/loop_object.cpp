#include "text/jinja/loop_object.h"

#include "text/jinja/comparison.h"
#include "text/jinja/execution.h"

namespace youtu::jinja {

namespace {

class LoopMethod : public Object {
 public:
  LoopMethod(LoopObject& loop, bool cycles) : loop_(loop), cycles_(cycles) {}
  std::string_view kind() const override { return "method"; }
  std::string_view name() const override { return cycles_ ? "cycle" : "changed"; }
  Value call(Execution& execution, const Arguments& arguments) override {
    if (cycles_) return loop_.cycle(execution, arguments.positional);
    return loop_.changed(execution, arguments.positional);
  }

 private:
  LoopObject& loop_;
  bool cycles_;
};

}  // namespace

bool LoopObject::changed(Execution& execution, const std::vector<Value>& values) {
  bool same = last_values_ && last_values_->size() == values.size();
  for (size_t i = 0; same && i < values.size(); ++i) {
    same = equal(execution, values[i], (*last_values_)[i]);
  }
  if (!same) last_values_ = values;
  return !same;
}

Value LoopObject::cycle(Execution& execution, const std::vector<Value>& values) const {
  if (values.empty()) return execution.fail("loop.cycle() needs at least one item");
  return values[index_ % values.size()];
}

Value LoopObject::call(Execution& execution, const Arguments&) {
  return execution.fail("loop() needs a recursive loop, which is not supported");
}

std::optional<Value> LoopObject::attribute(Execution& execution, std::string_view name) {
  const auto index = static_cast<int64_t>(index_);
  const auto size = static_cast<int64_t>(size_);
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == size;
  if (name == "length") return size;
  if (name == "revindex") return size - index;
  if (name == "revindex0") return size - index - 1;
  if (name == "previtem") return previous_;
  if (name == "nextitem") return next_;
  // The depth of recursion, not of nesting, and no loop is recursive.
  if (name == "depth") return int64_t{1};
  if (name == "depth0") return int64_t{0};
  if (name == "cycle" || name == "changed") {
    return static_cast<Object*>(execution.make_object<LoopMethod>(*this, name == "cycle"));
  }
  return std::nullopt;
}

}  // namespace youtu::jinja
