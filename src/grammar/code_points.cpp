#include "grammar/code_points.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"
#include "base/utf8.h"

namespace youtu {
namespace {

constexpr char32_t kFirstSurrogate = 0xD800;
constexpr char32_t kLastSurrogate = 0xDFFF;

using SequenceVisitor = std::function<void(std::span<const ByteRange>)>;

std::string utf8_of(char32_t code_point) {
  std::string bytes;
  append_utf8(bytes, code_point);
  return bytes;
}

// Splits a range until all its UTF-8 forms are a product of byte ranges: equal length, and any
// place after the first that differs goes through all continuation bytes. (Thompson's construction,
// as in RE2.)
void split_utf8(char32_t first, char32_t last, const SequenceVisitor& visit) {
  for (const char32_t limit : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xFFFF}}) {
    if (first > limit || last <= limit) continue;
    split_utf8(first, limit, visit);
    split_utf8(limit + 1, last, visit);
    return;
  }
  const std::string low = utf8_of(first);
  for (size_t i = 1; i < low.size(); ++i) {
    const char32_t mask = (char32_t{1} << (6 * i)) - 1;
    if ((first & ~mask) == (last & ~mask)) continue;
    if ((first & mask) != 0) {
      split_utf8(first, first | mask, visit);
      split_utf8((first | mask) + 1, last, visit);
      return;
    }
    if ((last & mask) != mask) {
      split_utf8(first, (last & ~mask) - 1, visit);
      split_utf8(last & ~mask, last, visit);
      return;
    }
  }
  const std::string high = utf8_of(last);
  std::array<ByteRange, 4> sequence;
  for (size_t i = 0; i < low.size(); ++i) {
    sequence[i] = {static_cast<uint8_t>(low[i]), static_cast<uint8_t>(high[i])};
  }
  visit(std::span(sequence).first(low.size()));
}

}  // namespace

CodePointSet::CodePointSet(std::initializer_list<CodePointRange> ranges) {
  for (const CodePointRange& range : ranges) add(range);
}

size_t CodePointSet::size() const {
  size_t count = 0;
  for (const CodePointRange& range : ranges_) count += size_t{range.last} - range.first + 1;
  return count;
}

CodePointSet CodePointSet::all() {
  return {{0, kMaxCodePoint}};
}

void CodePointSet::add(CodePointRange range) {
  CHECK(range.first <= range.last && range.last <= kMaxCodePoint);
  if (range.first < kFirstSurrogate) {
    insert({range.first, std::min<char32_t>(range.last, kFirstSurrogate - 1)});
  }
  if (range.last > kLastSurrogate) {
    insert({std::max<char32_t>(range.first, kLastSurrogate + 1), range.last});
  }
}

void CodePointSet::add(const CodePointSet& other) {
  for (const CodePointRange& range : other.ranges_) insert(range);
}

void CodePointSet::insert(CodePointRange range) {
  // All that touch the new one become one with it.
  const auto begin = std::ranges::find_if(
      ranges_, [&](const CodePointRange& old) { return old.last + 1 >= range.first; });
  auto end = begin;
  for (; end != ranges_.end() && end->first <= range.last + 1; ++end) {
    range.first = std::min(range.first, end->first);
    range.last = std::max(range.last, end->last);
  }
  ranges_.insert(ranges_.erase(begin, end), range);
}

bool CodePointSet::contains(char32_t code_point) const {
  return std::ranges::any_of(ranges_, [code_point](const CodePointRange& range) {
    return range.first <= code_point && code_point <= range.last;
  });
}

bool CodePointSet::contains(const CodePointSet& other) const {
  return other.without(*this).is_empty();
}

CodePointSet CodePointSet::complement() const {
  CodePointSet rest;
  char32_t next = 0;
  for (const CodePointRange& range : ranges_) {
    if (range.first > next) rest.add({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kMaxCodePoint) rest.add({next, kMaxCodePoint});
  return rest;
}

CodePointSet CodePointSet::without(const CodePointSet& other) const {
  return intersection(other.complement());
}

CodePointSet CodePointSet::intersection(const CodePointSet& other) const {
  CodePointSet both;
  for (const CodePointRange& a : ranges_) {
    for (const CodePointRange& b : other.ranges_) {
      const char32_t first = std::max(a.first, b.first);
      const char32_t last = std::min(a.last, b.last);
      if (first <= last) both.insert({first, last});
    }
  }
  return both;
}

void for_each_utf8_sequence(const CodePointSet& set, const SequenceVisitor& visit) {
  for (const CodePointRange& range : set.ranges()) split_utf8(range.first, range.last, visit);
}

}  // namespace youtu
