// The terminal of a conversation: lines in, and Ctrl-C as a question instead of an end.
#pragma once

#include <optional>
#include <string>

namespace youtu {

// While an active one lives, Ctrl-C sets a mark instead of ending the program. One at a time.
class InterruptWatch {
 public:
  explicit InterruptWatch(bool is_active);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  // Whether Ctrl-C was pressed since the last clear().
  bool is_set() const;
  void clear();

 private:
  const bool is_active_;
};

// Reads stdin line by line.
class LineReader {
 public:
  LineReader();
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Whether a person types the lines; then prompts are worth printing.
  bool is_terminal() const { return is_terminal_; }

  enum class Event { kLine, kInterrupted, kEnd };
  // The next line, without its end, in `line`. Lines are printed for after `prompt` on a terminal.
  Event read(const char* prompt, std::string& line);

 private:
  bool is_terminal_ = false;
  char* buffer_ = nullptr;  // getline()'s, kept between lines
  size_t capacity_ = 0;
};

}  // namespace youtu
