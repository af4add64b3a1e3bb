#include "grammar/code_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/utf8.h"

namespace youtu {
namespace {

bool matches(const std::vector<std::vector<ByteRange>>& sequences, const std::string& bytes) {
  return std::ranges::any_of(sequences, [&](const std::vector<ByteRange>& sequence) {
    return sequence.size() == bytes.size() &&
           std::ranges::equal(sequence, bytes, [](ByteRange range, char byte) {
             return range.first <= static_cast<uint8_t>(byte) &&
                    static_cast<uint8_t>(byte) <= range.last;
           });
  });
}

TEST(CodePointSet, JoinsWhatTouches) {
  CodePointSet set;
  set.add({'d', 'f'});
  set.add({'a', 'b'});
  set.add({'c', 'c'});
  set.add({'e', 'h'});
  EXPECT_EQ(set, (CodePointSet{{'a', 'h'}}));
}

TEST(CodePointSet, HasNoSurrogates) {
  EXPECT_EQ(CodePointSet::all().ranges().size(), 2u);
  EXPECT_FALSE(CodePointSet::all().contains(0xD800));
  EXPECT_TRUE((CodePointSet{{0xD800, 0xDFFF}}).is_empty());
  EXPECT_TRUE(CodePointSet::all().complement().is_empty());
  EXPECT_EQ(CodePointSet().complement(), CodePointSet::all());
}

TEST(CodePointSet, OperationsAgreeWithMembership) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const auto random_set = [&] {
      CodePointSet set;
      for (int i = 0; i < 5; ++i) {
        const auto first = static_cast<char32_t>(random() % 300);
        set.add({first, first + static_cast<char32_t>(random() % 20)});
      }
      return set;
    };
    const CodePointSet a = random_set();
    const CodePointSet b = random_set();
    for (char32_t c = 0; c < 330; ++c) {
      EXPECT_EQ(a.complement().contains(c), !a.contains(c));
      EXPECT_EQ(a.without(b).contains(c), a.contains(c) && !b.contains(c));
      EXPECT_EQ(a.intersection(b).contains(c), a.contains(c) && b.contains(c));
    }
    EXPECT_TRUE(a.contains(a.intersection(b)));
    EXPECT_EQ(a.contains(b), b.without(a).is_empty());
  }
}

TEST(Utf8Sequences, AreTheFormsOfTheSet) {
  const CodePointSet sets[] = {
      CodePointSet::all(),
      {{0, 0x7F}},
      {{0x7E, 0x81}, {0x7FD, 0x802}},
      {{0x4E00, 0x9FFF}, {0xFFFE, 0x10001}},
      {{0x123, 0x123}, {0x1F600, 0x1F64F}, {0x10FFF0, 0x10FFFF}},
  };
  for (const CodePointSet& set : sets) {
    std::vector<std::vector<ByteRange>> sequences;
    for_each_utf8_sequence(set, [&](std::span<const ByteRange> sequence) {
      sequences.emplace_back(sequence.begin(), sequence.end());
    });
    for (char32_t c = 0; c <= kMaxCodePoint; c += c < 0x3000 ? 1 : 7) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      std::string bytes;
      append_utf8(bytes, c);
      ASSERT_EQ(matches(sequences, bytes), set.contains(c)) << static_cast<uint32_t>(c);
    }
    EXPECT_FALSE(matches(sequences, "\xED\xA0\x80"));      // a surrogate
    EXPECT_FALSE(matches(sequences, "\xC0\x80"));          // overlong
    EXPECT_FALSE(matches(sequences, "\xF4\x90\x80\x80"));  // too large
  }
}

}  // namespace
}  // namespace youtu
