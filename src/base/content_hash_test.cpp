#include "base/content_hash.h"

#include <gtest/gtest.h>

#include <vector>

namespace youtu {
namespace {

std::vector<uint8_t> some_bytes(size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 251);
  return bytes;
}

// The published value for no bytes and no seed.
TEST(ContentHash, IsXxh3) {
  EXPECT_EQ(content_hash({}), 0x2d06800538d394c2u);
  EXPECT_EQ(ContentHash().hexadecimal_128(), "99aa06d3014798d86001c324468d497f");
}

// Short inputs, and those above the sizes at which the algorithm changes.
TEST(ContentHash, DoesNotDependOnThePieces) {
  for (const size_t size : {1u, 17u, 200u, 241u, 1000u, 5000u, 100'000u}) {
    const std::vector<uint8_t> bytes = some_bytes(size);
    for (const size_t piece : {1u, 64u, 4096u}) {
      ContentHash hash;
      for (size_t i = 0; i < size; i += piece) {
        hash.add(std::span(bytes).subspan(i, std::min(piece, size - i)));
      }
      EXPECT_EQ(hash.value(), content_hash(bytes)) << size << " bytes in pieces of " << piece;
    }
  }
}

TEST(ContentHash, TellsTextsApart) {
  ContentHash one, two;
  one.add_text("ab");
  one.add_text("c");
  two.add_text("a");
  two.add_text("bc");
  EXPECT_NE(one.hexadecimal_128(), two.hexadecimal_128());
}

}  // namespace
}  // namespace youtu
