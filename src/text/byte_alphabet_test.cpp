#include "text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

#include "base/utf8.h"
#include "text/character_class.h"

namespace youtu {
namespace {

TEST(ByteAlphabet, GivesEveryByteAPrintableCharacterOfItsOwn) {
  std::set<char32_t> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const char32_t c = byte_alphabet()[static_cast<size_t>(byte)];
    EXPECT_TRUE(seen.insert(c).second) << byte;
    EXPECT_EQ(alphabet_byte(c), byte);
    EXPECT_FALSE(is_white_space(c)) << byte;
  }
}

TEST(ByteAlphabet, HasThePublishedCharacters) {
  EXPECT_EQ(byte_alphabet()[' '], 0x120u);
  EXPECT_EQ(byte_alphabet()['\n'], 0x10Au);
  EXPECT_EQ(byte_alphabet()['!'], char32_t{'!'});
  EXPECT_EQ(byte_alphabet()[0x7F], 0x121u);
  EXPECT_EQ(byte_alphabet()[0xA0], 0x142u);
  EXPECT_EQ(byte_alphabet()[0xAD], 0x143u);
  EXPECT_EQ(byte_alphabet()[0xFF], 0xFFu);
}

TEST(ByteAlphabet, ConvertsPiecesBothWays) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(bytes_of_piece(piece_of_bytes(all)), all);
  EXPECT_EQ(bytes_of_piece("\u0120a"), " a");
  EXPECT_EQ(bytes_of_piece("a b"), std::nullopt);  // a space is not in the alphabet
  EXPECT_EQ(bytes_of_piece("\u4e2d"), std::nullopt);
  EXPECT_EQ(bytes_of_piece("\xff"), std::nullopt);  // not UTF-8
}

TEST(CharacterClass, KnowsWhiteSpace) {
  for (const int c : {0x09, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028, 0x3000}) {
    EXPECT_TRUE(is_white_space(static_cast<char32_t>(c))) << c;
  }
  for (const int c : {0x08, 0x0E, 0x180E, 0x200B, 0xFEFF, 0x41}) {
    EXPECT_FALSE(is_white_space(static_cast<char32_t>(c))) << c;
  }
  EXPECT_EQ(leading_white_space(" \u3000x "), 4u);
  EXPECT_EQ(trailing_white_space(" x\u00a0\n"), 3u);
  EXPECT_EQ(trailing_white_space("\u2003\u2003"), 6u);
  EXPECT_EQ(trailing_white_space(""), 0u);
}

TEST(CharacterClass, KnowsWordCharacters) {
  for (const int c :
       {int{'a'}, int{'Z'}, int{'0'}, int{'_'}, 0xE9, 0x4E2D, 0x0301, 0x0663, 0x24B6, 0x2160}) {
    EXPECT_TRUE(is_word_character(static_cast<char32_t>(c))) << c;
  }
  for (const int c : {int{' '}, int{'-'}, int{'<'}, 0xB2, 0x3002, 0x1F600}) {
    EXPECT_FALSE(is_word_character(static_cast<char32_t>(c))) << c;
  }
}

}  // namespace
}  // namespace youtu
