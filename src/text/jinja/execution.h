// One rendering: the memory it uses, the steps it may still take, and its first failure. The
// failure is sticky: whoever meets an error records it here and returns anything, every loop stops
// at failed(), and only the first error is reported. That keeps some two hundred small operations
// free of error plumbing.
#pragma once

#include "text/jinja/limits.h"
#include "text/jinja/object.h"
#include "text/jinja/value.h"
#include "youtu/status.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace youtu::jinja {

class Execution {
 public:
  // `name` is the template's, for messages; `input_bytes` the size of the conversation.
  Execution(std::string_view name, size_t input_bytes);

  // Failure. Each returns an undefined value, so that `return execution.fail(...)` reads well.
  Value fail(std::string_view what);  // becomes "name:line: what"
  Value fail_limit(std::string_view what, int64_t limit);
  Value fail_with(Status status);         // an error that has its own place
  Value raise(std::string_view message);  // the template's own raise_exception()
  bool failed() const { return !status_.is_ok(); }
  const Status& status() const { return status_; }
  void set_line(int line) { line_ = line; }

  // Cost.
  void charge(size_t steps);
  void charge_reading(const Value& value);  // for an operation that looks at all of it
  size_t text_limit() const { return text_limit_; }

  // Memory.
  Value make_text(TracedText text);
  Value make_trusted(std::string_view bytes) { return make_text(TracedText(bytes, true)); }
  List* make_list(std::vector<Value> items = {});
  List* make_tuple(std::vector<Value> items);
  Dict* make_dict();
  template <typename T, typename... Args>
  T* make_object(Args&&... args) {
    charge(1);
    auto owned = std::make_unique<T>(std::forward<Args>(args)...);
    T* object = owned.get();
    objects_.push_back(std::move(owned));
    return object;
  }
  // Fails, and appends nothing, where the list is full.
  void push(List& list, Value value);

 private:
  std::string name_;
  int line_ = 1;
  Status status_;
  int64_t steps_left_ = kMaxSteps;
  size_t text_limit_;
  std::vector<std::unique_ptr<List>> lists_;
  std::vector<std::unique_ptr<Dict>> dicts_;
  std::vector<std::unique_ptr<Object>> objects_;
};

// Builds a text within the limit of its Execution: what would exceed it fails and is left out.
class TextBuilder {
 public:
  explicit TextBuilder(Execution& execution) : execution_(execution) {}

  void append(std::string_view bytes, bool trusted) {
    if (has_room(bytes.size())) text_.append(bytes, trusted);
  }
  void append(const TracedText& text) {
    if (has_room(text.size())) text_.append(text);
  }
  void append(const TracedText& text, size_t begin, size_t end) {
    if (has_room(end - begin)) text_.append(text, begin, end);
  }
  const TracedText& text() const { return text_; }
  Value finish() { return execution_.make_text(std::move(text_)); }

 private:
  bool has_room(size_t num_bytes);

  Execution& execution_;
  TracedText text_;
};

}  // namespace youtu::jinja
