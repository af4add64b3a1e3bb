#include "text/jinja/traced_text.h"

#include "base/check.h"

#include <algorithm>

namespace youtu::jinja {

void TracedText::append(std::string_view bytes, bool trusted) {
  if (bytes.empty()) return;
  bytes_.append(bytes);
  if (!runs_.empty() && runs_.back().trusted == trusted) {
    runs_.back().end = bytes_.size();
  } else {
    runs_.push_back({bytes_.size(), trusted});
  }
}

void TracedText::append(const TracedText& text) {
  append(text, 0, text.size());
}

void TracedText::append(const TracedText& text, size_t begin, size_t end) {
  CHECK(begin <= end && end <= text.size() && &text != this);
  auto run = std::upper_bound(text.runs_.begin(), text.runs_.end(), begin,
                              [](size_t at, const Run& candidate) { return at < candidate.end; });
  const std::string_view source = text.bytes_;
  while (begin < end) {
    const size_t stop = std::min(end, run->end);
    append(source.substr(begin, stop - begin), run->trusted);
    begin = stop;
    ++run;
  }
}

}  // namespace youtu::jinja
