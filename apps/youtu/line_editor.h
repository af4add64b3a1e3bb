// A line that a person types, with the keys that shells have taught: arrows, history, Ctrl-R, tab.
// Of libedit; UTF-8, with characters as wide as the terminal shows them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace youtu {

// What may stand in the place of the text from `begin` to the cursor.
struct Suggestions {
  size_t begin = 0;
  std::vector<std::string> words;
};

// One at a time. Alt-Enter adds a line; so does what is pasted.
class LineEditor {
 public:
  using Suggest = std::function<Suggestions(std::string_view before_cursor)>;
  // REQUIRES: stdin and stderr are terminals.
  explicit LineEditor(Suggest suggest);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Event { kLine, kInterrupted, kEnd };
  // `line` without its end; it may have line breaks inside. REQUIRES: a prompt of two letters or
  // more.
  Event read(const std::string& prompt, std::string& line);
  // From now on the arrows find it.
  void remember(const std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace youtu
