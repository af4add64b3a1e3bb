#include "text/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/byte_vocab.h"

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BytePairEncoder make(const VocabSpec& spec, std::vector<TokenId> forbidden_ids = {}) {
  std::vector<bool> forbidden(spec.pieces.size(), false);
  for (const TokenId id : forbidden_ids) forbidden[static_cast<size_t>(id)] = true;
  auto encoder = BytePairEncoder::create(spec.pieces, spec.merges, spec.ignore_merges, forbidden);
  EXPECT_TRUE(encoder.is_ok()) << encoder.status().message();
  return std::move(*encoder);
}

std::vector<TokenId> encode(const BytePairEncoder& encoder, std::string_view word) {
  std::vector<TokenId> out;
  encoder.encode(word, out);
  return out;
}

TEST(BytePairEncoder, MergesByRankThenFromTheLeft) {
  const BytePairEncoder encoder =
      make(byte_vocab({{"b", "c"}, {"a", "b"}, {"a", "a"}, {"aa", "aa"}}));
  EXPECT_THAT(encode(encoder, ""), IsEmpty());
  EXPECT_THAT(encode(encoder, "abc"), ElementsAre('a', 256));  // bc ranks before ab
  EXPECT_THAT(encode(encoder, "aaa"), ElementsAre(258, 'a'));  // the leftmost pair of equal rank
  EXPECT_THAT(encode(encoder, "aaaaa"), ElementsAre(259, 'a'));
}

TEST(BytePairEncoder, WholeWordsOnlyWithIgnoreMerges) {
  VocabSpec spec = byte_vocab({{"a", "b"}});
  spec.pieces.push_back("xyz");
  EXPECT_THAT(encode(make(spec), "xyz"), ElementsAre('x', 'y', 'z'));
  spec.ignore_merges = true;
  EXPECT_THAT(encode(make(spec), "xyz"), ElementsAre(257));
  EXPECT_THAT(encode(make(spec), "xyzab"), ElementsAre('x', 'y', 'z', 256));
}

TEST(BytePairEncoder, NeverYieldsForbiddenIds) {
  VocabSpec spec = byte_vocab({{"a", "b"}, {"ab", "c"}});
  spec.ignore_merges = true;
  EXPECT_THAT(encode(make(spec, {256}), "ab"), ElementsAre('a', 'b'));
  EXPECT_THAT(encode(make(spec, {257}), "abc"), ElementsAre(256, 'c'));
}

// The rule as it is written: look at all pairs, merge the best, again.
std::vector<TokenId> encode_slowly(const VocabSpec& spec, const std::string& word) {
  std::map<std::pair<std::string, std::string>, size_t> ranks;
  for (size_t i = 0; i < spec.merges.size(); ++i) {
    ranks[{spec.merges[i].left, spec.merges[i].right}] = i;
  }
  std::vector<std::string> symbols;
  for (const char c : word) symbols.push_back(piece_of_bytes(std::string(1, c)));
  while (true) {
    size_t best = ranks.size();
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto it = ranks.find({symbols[i], symbols[i + 1]});
      if (it != ranks.end() && it->second < best) {
        best = it->second;
        at = i;
      }
    }
    if (best == ranks.size()) break;
    symbols[at] += symbols[at + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  std::vector<TokenId> out;
  for (const std::string& symbol : symbols) {
    out.push_back(static_cast<TokenId>(std::find(spec.pieces.begin(), spec.pieces.end(), symbol) -
                                       spec.pieces.begin()));
  }
  return out;
}

TEST(BytePairEncoder, AgreesWithTheSlowRule) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> texts = {"a", "b", "c"};
    std::vector<std::pair<std::string, std::string>> merges;
    while (merges.size() < 12) {
      const std::string left = texts[random() % texts.size()];
      const std::string right = texts[random() % texts.size()];
      if (std::find(texts.begin(), texts.end(), left + right) != texts.end()) continue;
      merges.emplace_back(left, right);
      texts.push_back(left + right);
    }
    const VocabSpec spec = byte_vocab(merges);
    const BytePairEncoder encoder = make(spec);
    for (int i = 0; i < 100; ++i) {
      std::string word;
      for (size_t n = random() % 40; n > 0; --n) word += static_cast<char>('a' + random() % 3);
      ASSERT_EQ(encode(encoder, word), encode_slowly(spec, word)) << word;
    }
  }
}

TEST(BytePairEncoder, TakesAWordOfAMillionBytes) {
  const BytePairEncoder encoder = make(byte_vocab({{"a", "a"}, {"aa", "aa"}}));
  EXPECT_EQ(encode(encoder, std::string(1'000'000, 'a')).size(), 250'000u);
}

std::string create_error(const VocabSpec& spec, std::vector<TokenId> forbidden_ids = {}) {
  std::vector<bool> forbidden(spec.pieces.size(), false);
  for (const TokenId id : forbidden_ids) forbidden[static_cast<size_t>(id)] = true;
  const auto encoder = BytePairEncoder::create(spec.pieces, spec.merges, false, forbidden);
  return encoder.is_ok() ? "accepted" : encoder.status().message();
}

TEST(BytePairEncoder, RefusesBrokenVocabularies) {
  VocabSpec spec = byte_vocab({{"a", "b"}});
  spec.merges.push_back({"ab", "q\u0120nowhere"});
  EXPECT_THAT(create_error(spec),
              HasSubstr("merges: \"q\u0120nowhere\" of merge 1 is not in the vocabulary"));
  spec = byte_vocab();
  spec.merges.push_back({"a", "b"});
  EXPECT_THAT(create_error(spec), HasSubstr("merges: \"ab\" of merge 0"));
  spec = byte_vocab();
  spec.pieces['a'].clear();
  EXPECT_THAT(create_error(spec), HasSubstr("vocab: no piece for the byte 0x61"));
  spec = byte_vocab();
  spec.pieces.push_back("a");
  EXPECT_THAT(create_error(spec), HasSubstr("have the same piece \"a\""));
  EXPECT_THAT(create_error(byte_vocab(), {'a'}), HasSubstr("is also the piece of byte 0x61"));
  EXPECT_EQ(create_error(byte_vocab(), {0xF8}), "accepted");  // no text has that byte
}

}  // namespace
}  // namespace youtu
