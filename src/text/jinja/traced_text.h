// Text that remembers, for every byte, whether the template wrote it or a message did. What a
// prompt may contain as a control token is decided by this memory alone, so every operation of the
// interpreter on text is built from the few below, none of which can turn untrusted into trusted.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace youtu::jinja {

class TracedText {
 public:
  // A stretch of equal trust. It begins where the run before it ends.
  struct Run {
    size_t end;
    bool trusted;
    bool operator==(const Run&) const = default;
  };

  TracedText() = default;
  TracedText(std::string_view bytes, bool trusted) { append(bytes, trusted); }

  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // Neighbours differ in trust, the last one ends at size(), and none is empty.
  std::span<const Run> runs() const { return runs_; }
  bool all_trusted() const { return runs_.empty() || (runs_.size() == 1 && runs_[0].trusted); }

  void append(std::string_view bytes, bool trusted);
  void append(const TracedText& text);
  // The bytes [begin, end) of `text`. REQUIRES: begin <= end <= text.size().
  void append(const TracedText& text, size_t begin, size_t end);

 private:
  std::string bytes_;
  std::vector<Run> runs_;
};

}  // namespace youtu::jinja
