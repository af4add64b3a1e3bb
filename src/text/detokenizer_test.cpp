#include "text/detokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "base/utf8.h"
#include "tests/support/byte_vocab.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

TEST(Detokenizer, HoldsBackHalfACharacter) {
  VocabSpec spec = byte_vocab({{"\xe4", "\xb8"}}, {"<|end|>"});
  const auto tokenizer = BpeTokenizer::create(std::move(spec));
  ASSERT_TRUE(tokenizer.is_ok()) << tokenizer.status().message();
  Detokenizer detokenizer(**tokenizer, true);
  EXPECT_EQ(detokenizer.append('a'), "a");
  EXPECT_EQ(detokenizer.append(256), "");
  EXPECT_EQ(detokenizer.append(257), "");  // a control token says nothing and breaks nothing
  EXPECT_EQ(detokenizer.append(0xAD), "\u4e2d");
  EXPECT_EQ(detokenizer.append(0xF0), "");
  EXPECT_EQ(detokenizer.append('b'),
            "\uFFFD"
            "b");
  EXPECT_EQ(detokenizer.append(0x80), "\uFFFD");
  EXPECT_EQ(detokenizer.append(0xF0), "");
  EXPECT_EQ(detokenizer.append(0x9F), "");
  EXPECT_EQ(detokenizer.finish(), "\uFFFD");
  EXPECT_EQ(detokenizer.finish(), "");
  Detokenizer shows_control(**tokenizer, false);
  EXPECT_EQ(shows_control.append(257), "<|end|>");
}

TEST(Detokenizer, PiecesAreTheWholeForAnyTokens) {
  auto created = BpeTokenizer::create(byte_vocab({}, {"<|end|>"}));
  ASSERT_TRUE(created.is_ok());
  const Tokenizer& tokenizer = **created;
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const std::vector<TokenId> likely = {0xE4, 0xB8, 0xAD, 0xF0, 0x9F, 0xA6, 0x99, 0xED,
                                       0xA0, 0x80, 'a',  0xC3, 0xA9, 0xFF, 256};
  for (int round = 0; round < 5000; ++round) {
    std::vector<TokenId> tokens;
    for (size_t n = random() % 12; n > 0; --n) tokens.push_back(likely[random() % likely.size()]);
    for (const bool skip_control : {false, true}) {
      Detokenizer detokenizer(tokenizer, skip_control);
      std::string text;
      for (const TokenId token : tokens) {
        const std::string delta = detokenizer.append(token);
        EXPECT_TRUE(is_utf8(delta));
        text += delta;
      }
      text += detokenizer.finish();
      ASSERT_EQ(text, tokenizer.decode(tokens, skip_control));
    }
  }
}

TEST(InputCleaning, DoesWhatTheGuideDescribes) {
  EXPECT_EQ(clean_input(" \u201c\u4f60\u597d\u201d\u2026\u2018x\u2019\u3000\n"),
            "\"\u4f60\u597d\"...'x'");
  EXPECT_EQ(clean_input(" \t "), "");
  EXPECT_EQ(clean_input("a  b"), "a  b");
}

}  // namespace
}  // namespace youtu
