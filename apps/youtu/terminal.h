// The terminal of a conversation: Ctrl-C as a question instead of an end, and colours where they
// are wanted.
#pragma once

#include <string>
#include <string_view>

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

enum class WaitEvent { kInput, kInterrupted, kOtherSignal };
// Until stdin has something to read, or Ctrl-C is pressed while a watch is active; signals that
// have a handler end it, too.
WaitEvent wait_for_input();

// `text` between the codes of a style, or as it is where `file_descriptor` is no terminal that
// knows colours, or NO_COLOR is set (no-color.org).
enum class Style { kDim, kBold };
std::string styled(Style style, std::string_view text, int file_descriptor);
bool has_colours(int file_descriptor);

}  // namespace youtu
