// Sets of characters, and the byte sequences that their UTF-8 forms are.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

namespace youtu {

inline constexpr char32_t kMaxCodePoint = 0x10FFFF;

struct CodePointRange {
  char32_t first = 0;
  char32_t last = 0;
  bool operator==(const CodePointRange&) const = default;
};

// A set of Unicode scalar values; surrogates are never in it.
class CodePointSet {
 public:
  CodePointSet() = default;
  CodePointSet(std::initializer_list<CodePointRange> ranges);
  static CodePointSet all();
  static CodePointSet of(char32_t code_point) { return {{code_point, code_point}}; }

  // REQUIRES: first <= last <= kMaxCodePoint.
  void add(CodePointRange range);
  void add(const CodePointSet& other);

  bool is_empty() const { return ranges_.empty(); }
  size_t size() const;
  bool contains(char32_t code_point) const;
  bool contains(const CodePointSet& other) const;
  CodePointSet complement() const;
  CodePointSet without(const CodePointSet& other) const;
  CodePointSet intersection(const CodePointSet& other) const;

  // Rising, apart from each other by at least one.
  std::span<const CodePointRange> ranges() const { return ranges_; }
  bool operator==(const CodePointSet&) const = default;

 private:
  void insert(CodePointRange range);

  std::vector<CodePointRange> ranges_;
};

struct ByteRange {
  uint8_t first = 0;
  uint8_t last = 0;
  auto operator<=>(const ByteRange&) const = default;
};

// Calls `visit` with sequences of 1 to 4 byte ranges. Together they are the UTF-8 forms of the set,
// each once.
void for_each_utf8_sequence(const CodePointSet& set,
                            const std::function<void(std::span<const ByteRange>)>& visit);

}  // namespace youtu
