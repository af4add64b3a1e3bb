// What is said to the program: edited at a terminal, line by line from anywhere else.
#pragma once

#include <memory>
#include <string>

#include "input_history.h"
#include "line_editor.h"

namespace youtu {

class LineReader {
 public:
  // `history` is read and kept only at a terminal.
  LineReader(LineEditor::Suggest suggest, InputHistory history);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Whether a person types the lines.
  bool is_terminal() const { return is_terminal_; }

  using Event = LineEditor::Event;
  // The next thing said, which is a line; or several, where one ends in a backslash or begins with
  // """, up to the line that ends with """. What is written is kept in the history.
  Event read(std::string& text);

 private:
  Event read_line(const char* prompt, std::string& line);
  Event read_block(std::string& text);

  const bool is_terminal_;
  InputHistory history_;
  std::unique_ptr<LineEditor> editor_;  // none where lines are not edited
  char* buffer_ = nullptr;              // getline()'s, kept between lines
  size_t capacity_ = 0;
};

}  // namespace youtu
