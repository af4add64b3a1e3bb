// The global functions.
#include "text/jinja/builtins.h"
#include "text/jinja/comparison.h"
#include "text/jinja/execution.h"
#include "text/jinja/operations.h"
#include "text/jinja/printing.h"

#include <array>
#include <ctime>
#include <string>

namespace youtu::jinja {

namespace {

// A list, where Python has a lazy range.
Value make_range(Execution& execution, const Arguments& arguments) {
  const BoundArguments args(execution, "range", arguments, {"start", "stop", "step"}, 1);
  const bool only_stop = !args.has(1);
  const int64_t start = only_stop ? 0 : args.integer_or(0, 0);
  const int64_t stop = args.integer_or(only_stop ? 0 : 1, 0);
  const int64_t step = args.integer_or(2, 1);
  if (step == 0) return execution.fail("range(): the step is zero");
  List* out = execution.make_list();
  int64_t value = start;
  while (!execution.failed() && (step > 0 ? value < stop : value > stop)) {
    if (out->items.size() == kMaxRange)
      return execution.fail_limit("numbers in a range", kMaxRange);
    execution.push(*out, value);
    if (__builtin_add_overflow(value, step, &value)) break;
  }
  return out;
}

// dict() and namespace(): the entries of a dict, then keywords.
Dict* make_filled_dict(Execution& execution, std::string_view who, const Arguments& arguments) {
  Dict* out = execution.make_dict();
  if (arguments.positional.size() > 1 ||
      (arguments.positional.size() == 1 && !arguments.positional[0].dict())) {
    execution.fail(std::string(who) + "() takes one dict, and keywords");
    return out;
  }
  if (!arguments.positional.empty()) {
    const Dict& source = *arguments.positional[0].dict();
    execution.charge(source.size());
    for (const Dict::Entry& entry : source.entries()) out->set(entry.key, entry.value);
    out->from_message = source.from_message;
  }
  for (const Arguments::Keyword& keyword : arguments.keywords) {
    out->set(execution.make_trusted(keyword.name), keyword.value);
  }
  return out;
}

Value make_dict(Execution& execution, const Arguments& arguments) {
  return make_filled_dict(execution, "dict", arguments);
}

Value make_namespace(Execution& execution, const Arguments& arguments) {
  Dict* out = make_filled_dict(execution, "namespace", arguments);
  out->is_namespace = true;
  return out;
}

Value raise_exception(Execution& execution, const Arguments& arguments) {
  const BoundArguments args(execution, "raise_exception", arguments, {"message"}, 1);
  const Value message = to_text(execution, args[0]);
  return execution.failed() ? Value() : execution.raise(message.bytes());
}

// The local time.
Value strftime_now(Execution& execution, const Arguments& arguments) {
  const BoundArguments args(execution, "strftime_now", arguments, {"format"}, 1);
  const std::string format(args.bytes_or(0, ""));
  constexpr size_t kMaxFormatBytes = 256;
  if (format.size() > kMaxFormatBytes) {
    return execution.fail_limit("bytes of a time format", kMaxFormatBytes);
  }
  if (execution.failed() || format.empty()) return execution.make_trusted("");
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  localtime_r(&now, &local);
  std::array<char, 4096> buffer;
  const size_t length = std::strftime(buffer.data(), buffer.size(), format.c_str(), &local);
  return execution.make_text(TracedText({buffer.data(), length}, args[0].text().all_trusted()));
}

// cycler(...).next() gives its arguments in turn.
class Cycler : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {}
  std::string_view kind() const override { return "cycler"; }
  std::string_view name() const override { return "cycler"; }
  bool is_callable() const override { return false; }
  Value call(Execution& execution, const Arguments&) override {
    return execution.fail("a cycler is not callable; use next()");
  }
  std::optional<Value> attribute(Execution& execution, std::string_view name) override;

  Value next() {
    const Value item = items_[position_];
    position_ = (position_ + 1) % items_.size();
    return item;
  }
  void reset() { position_ = 0; }

 private:
  std::vector<Value> items_;
  size_t position_ = 0;
};

class CyclerMethod : public Object {
 public:
  CyclerMethod(Cycler& cycler, bool resets) : cycler_(cycler), resets_(resets) {}
  std::string_view kind() const override { return "method"; }
  std::string_view name() const override { return resets_ ? "reset" : "next"; }
  Value call(Execution&, const Arguments&) override {
    if (!resets_) return cycler_.next();
    cycler_.reset();
    return None{};
  }

 private:
  Cycler& cycler_;
  bool resets_;
};

std::optional<Value> Cycler::attribute(Execution& execution, std::string_view name) {
  if (name == "current") return items_[position_];
  if (name != "next" && name != "reset") return std::nullopt;
  return Value(static_cast<Object*>(execution.make_object<CyclerMethod>(*this, name == "reset")));
}

Value make_cycler(Execution& execution, const Arguments& arguments) {
  if (arguments.positional.empty()) return execution.fail("cycler() needs at least one item");
  return static_cast<Object*>(execution.make_object<Cycler>(arguments.positional));
}

// joiner(sep)() is empty the first time and the separator from then on.
class Joiner : public Object {
 public:
  Joiner(Value separator, Value empty)
      : separator_(std::move(separator)), empty_(std::move(empty)) {}
  std::string_view kind() const override { return "joiner"; }
  std::string_view name() const override { return "joiner"; }
  Value call(Execution&, const Arguments&) override {
    return std::exchange(used_, true) ? separator_ : empty_;
  }

 private:
  Value separator_;
  Value empty_;
  bool used_ = false;
};

Value make_joiner(Execution& execution, const Arguments& arguments) {
  const BoundArguments args(execution, "joiner", arguments, {"sep"});
  return static_cast<Object*>(execution.make_object<Joiner>(
      args.has(0) ? args[0] : execution.make_trusted(", "), execution.make_trusted("")));
}

constexpr Function kFunctions[] = {
    {"range", make_range},          {"dict", make_dict},
    {"namespace", make_namespace},  {"raise_exception", raise_exception},
    {"strftime_now", strftime_now}, {"cycler", make_cycler},
    {"joiner", make_joiner},
};

}  // namespace

std::span<const Function> global_functions() {
  return kFunctions;
}

}  // namespace youtu::jinja
