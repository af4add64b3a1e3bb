// Masks against their definition: a token is allowed exactly if its bytes, one by one, lead
// somewhere.
#include "grammar/compiled_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>

#include "grammar/format_compiler.h"
#include "tests/support/format_text.h"
#include "tests/support/piece_tokenizer.h"

namespace youtu {
namespace {

using Kind = OutputFormat::Kind;

// Pieces of every kind: plain ones of many lengths, quotes with what comes behind them, halves of
// characters, two of the same bytes.
std::vector<std::string> random_pieces(uint32_t seed) {
  const char* parts[] = {"a",   "b", "水", "🙂", " ",    "\"",   "{",        "}",
                         ":",   ",", "[",  "]",    "1",    "0",    "\\",       "n",
                         "u00", "e", "\n", "true", "null", "\xE6", "\xB0\xB4", "x"};
  std::mt19937 random(seed);
  std::vector<std::string> pieces = {
      "aa", "aa", std::string(60, 'a'), std::string(300, 'b'), "\"}", "\": \"", "\", \"", "水水水"};
  for (int i = 0; i < 600; ++i) {
    std::string piece;
    for (uint32_t n = 2 + random() % 5; n > 0; --n) piece += parts[random() % std::size(parts)];
    pieces.push_back(piece);
  }
  return pieces;
}

const std::vector<OutputFormat>& formats() {
  static const std::vector<OutputFormat> kFormats = {
      {.kind = Kind::kJsonObject},
      {.kind = Kind::kJsonSchema, .text = R"({"type":"object","properties":{
           "a":{"type":"string","maxLength":7},"b":{"type":"string","minLength":2},
           "n":{"type":"number","minimum":0,"maximum":1},
           "e":{"enum":["a","aa","b水"]}},"required":["a","n"],"additionalProperties":true})"},
      {.kind = Kind::kRegex, .text = "(a|b|水)*x{0,300}[^a]{3}"},
      {.kind = Kind::kRegex, .text = ".{3,20}1"},
      // Loops over letters of their own.
      {.kind = Kind::kRegex, .text = "[a-z ]{3,20}1"},
      {.kind = Kind::kRegex, .text = "([a-z]{1,70} ){2,9}\"x|[a-z水]{400}[^a-z]"},
      {.kind = Kind::kRegex, .text = "([0-9a-z]+,){5,30}[^x]{6,70}"},
      {.kind = Kind::kChoice, .choices = {"aab", "aa", "b水🙂", "true"}},
      {.kind = Kind::kGrammar, .text = "root ::= \"<t>\" [ab]* \"<t>\" | \"a\""},
      {.kind = Kind::kJsonSchema, .text = R"({"type":"string"})", .after = "aab"},
  };
  return kFormats;
}

// A walk at random over what is allowed; at each place the mask is compared.
void walk_and_compare(const OutputFormat& format, const PieceTokenizer& tokenizer, uint32_t seed,
                      size_t max_bytes) {
  std::mt19937 random(seed);
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  CompiledFormat compiled(*build_automaton(format), vocabulary, max_bytes);
  FormatText text(format);
  std::vector<TokenId> completion;
  std::string bytes;
  FormatCursor cursor;
  for (int step = 0; step < 60; ++step) {
    compiled.follow(cursor, completion);
    const auto mask = compiled.mask(cursor);
    ASSERT_TRUE(mask.is_ok()) << mask.status().message() << " after \"" << bytes << "\"";
    std::vector<TokenId> allowed;
    for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
      const bool is_end = token == tokenizer.end();
      if (tokenizer.is_control(token) && !is_end) continue;
      const bool expected = is_end
                                ? text.matches(bytes)
                                : text.may_begin(bytes + std::string(tokenizer.token_bytes(token)));
      ASSERT_EQ((*mask)->allows(token), expected)
          << "token \"" << tokenizer.token_bytes(token) << "\" after \"" << bytes << "\"";
      if (expected) allowed.push_back(token);
    }
    ASSERT_FALSE(allowed.empty());
    const TokenId next = allowed[random() % allowed.size()];
    if (next == tokenizer.end()) return;
    completion.push_back(next);
    bytes += tokenizer.token_bytes(next);
  }
}

TEST(CompiledFormat, MasksAreWhatTheBytesAllow) {
  const PieceTokenizer tokenizer(random_pieces(3));
  for (size_t i = 0; i < formats().size(); ++i) {
    SCOPED_TRACE(i);
    for (uint32_t seed = 0; seed < 12 && !HasFatalFailure(); ++seed) {
      walk_and_compare(formats()[i], tokenizer, seed, CompiledFormat::kDefaultMaxBytes);
    }
  }
}

// Beside those of the vocabulary itself.
TEST(FormatVocabulary, SharesSplitsThatPay) {
  const PieceTokenizer tokenizer(random_pieces(3));
  const FormatVocabulary vocabulary(tokenizer);
  const CodePointSet letters = {{'a', 'z'}, {' ', ' '}, {U'水', U'水'}};
  const auto first = vocabulary.split(letters);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(vocabulary.split(letters), first);
  EXPECT_GT(first->num_inside(), 0u);
  EXPECT_LT(first->num_inside(), vocabulary.plain().num_inside());
  EXPECT_EQ(vocabulary.split({{'c', 'd'}}), nullptr);  // two tokens

  std::vector<std::shared_ptr<const TokenSplit>> others;
  for (char32_t last = 'A'; others.size() < FormatVocabulary::kMaxSplits - 1; ++last) {
    others.push_back(vocabulary.split({{'A', last}, {'a', 'z'}, {' ', ' '}, {U'水', U'水'}}));
    ASSERT_NE(others.back(), nullptr);
  }
  EXPECT_EQ(vocabulary.split({{'!', '!'}, {'a', 'z'}, {' ', ' '}, {U'水', U'水'}}), nullptr);
  EXPECT_EQ(vocabulary.split(letters), first);
  others.pop_back();
  EXPECT_NE(vocabulary.split({{'!', '!'}, {'a', 'z'}, {' ', ' '}, {U'水', U'水'}}), nullptr);
}

// Tokens that a loop takes whatever they are need no walk.
TEST(CompiledFormat, WalksOnlyWhatALoopMayNotTake) {
  std::vector<std::string> pieces;
  for (char a = 'a'; a <= 'h'; ++a) {
    for (char b = 'a'; b <= 'h'; ++b) pieces.push_back({a, b, a});
  }
  const PieceTokenizer tokenizer(pieces);
  const auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  const auto nodes_walked = [&](const std::string& regex) {
    CompiledFormat format(*build_automaton({.kind = Kind::kRegex, .text = regex}), vocabulary);
    FormatCursor cursor;
    format.follow(cursor, {});
    EXPECT_TRUE(format.mask(cursor).is_ok());
    return format.counters().nodes_walked;
  };
  // The same loop, written so that it is not known as one.
  EXPECT_EQ(nodes_walked("[a-z]{200,900}"), nodes_walked("([a-z]{2}){100,450}") - 2 * 64);
}

// With next to no room all is forgotten at every step; a cursor then begins again.
TEST(CompiledFormat, ForgettingChangesNothing) {
  const PieceTokenizer tokenizer(random_pieces(4));
  for (size_t i = 0; i < formats().size(); ++i) {
    SCOPED_TRACE(i);
    walk_and_compare(formats()[i], tokenizer, 1, 1);
  }
}

TEST(CompiledFormat, KeepsMasksWithinItsRoom) {
  const PieceTokenizer tokenizer(random_pieces(5));
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  constexpr size_t kMaxBytes = 200'000;
  CompiledFormat format(*build_automaton({.kind = Kind::kJsonObject}), vocabulary, kMaxBytes);
  // Each bracket is a state of its own.
  std::vector<TokenId> completion = {'{', '"', '"', ':'};
  FormatCursor cursor;
  for (int i = 0; i < 3000; ++i) {
    format.follow(cursor, completion);
    const size_t before = format.bytes();
    ASSERT_TRUE(format.mask(cursor).is_ok());
    EXPECT_LT(before, kMaxBytes + 20'000);
    completion.push_back('[');
  }
  EXPECT_EQ(format.counters().masks, 3000);
  // A reader that has slept through it all begins again, and comes to the same place.
  FormatCursor late;
  format.follow(late, completion);
  format.follow(cursor, completion);
  EXPECT_EQ(late.state, cursor.state);
}

TEST(CompiledFormat, MakesAMaskOnce) {
  const PieceTokenizer tokenizer(random_pieces(6));
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  CompiledFormat format(*build_automaton({.kind = Kind::kJsonObject}), vocabulary);
  for (int i = 0; i < 2; ++i) {
    FormatCursor cursor;
    std::vector<TokenId> completion;
    for (const char letter : std::string("{\"abab")) {
      format.follow(cursor, completion);
      ASSERT_TRUE(format.mask(cursor).is_ok());
      completion.push_back(letter);
    }
  }
  EXPECT_EQ(format.counters().masks, 12);
  EXPECT_EQ(format.counters().masks_made, 3);  // before {, before ", and inside of the string
}

TEST(CompiledFormat, TakesAsManyPropertiesAsThereMayBe) {
  std::string schema = "{\"properties\":{";
  for (int i = 0; i < 1000; ++i) {
    schema += (i > 0 ? ",\"p" : "\"p") + std::to_string(i) + "\":{\"type\":\"null\"}";
  }
  FormatText text({.kind = Kind::kJsonSchema, .text = schema + "}}"});
  EXPECT_TRUE(text.matches("{}"));
  EXPECT_TRUE(text.matches(R"({"p0":null, "p500":null, "p999":null})"));
  EXPECT_FALSE(text.may_begin(R"({"p999":null,)"));
}

TEST(CompiledFormat, EndsOnlyWhereItIsComplete) {
  const PieceTokenizer tokenizer({});
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  CompiledFormat format(*build_automaton({.kind = Kind::kChoice, .choices = {"ab"}}), vocabulary);
  FormatCursor cursor;
  for (const std::vector<TokenId>& completion :
       {std::vector<TokenId>{}, {'a'}, std::vector<TokenId>{'a', 'b'}}) {
    format.follow(cursor, completion);
    const auto mask = format.mask(cursor);
    ASSERT_TRUE(mask.is_ok());
    EXPECT_EQ((*mask)->count(), 1);
    EXPECT_EQ((*mask)->allows(tokenizer.end()), completion.size() == 2);
    EXPECT_EQ(format.is_complete(cursor), completion.size() == 2);
  }
}

TEST(CompiledFormat, SaysSoWhenTheAnswerHasLeftIt) {
  const PieceTokenizer tokenizer({});
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  CompiledFormat format(*build_automaton({.kind = Kind::kChoice, .choices = {"ab"}}), vocabulary);
  FormatCursor cursor;
  const std::vector<TokenId> completion = {'x'};
  format.follow(cursor, completion);
  const auto mask = format.mask(cursor);
  ASSERT_FALSE(mask.is_ok());
  EXPECT_EQ(mask.status().reason(), "format_error");
}

// A tag may be a control token, text of a string never.
TEST(CompiledFormat, TagsMayBeControlTokens) {
  const PieceTokenizer tokenizer({}, {"<end>", "<tool>", "</think>"});
  const TokenId tool = tokenizer.end() + 1;
  const TokenId think = tokenizer.end() + 2;
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  const auto allows = [&](const OutputFormat& output, std::vector<TokenId> completion,
                          TokenId token) {
    CompiledFormat format(*build_automaton(output), vocabulary);
    FormatCursor cursor;
    format.follow(cursor, completion);
    const auto mask = format.mask(cursor);
    return mask.is_ok() && (*mask)->allows(token);
  };
  const OutputFormat calls = {.kind = Kind::kGrammar, .text = "root ::= \"<tool>\\n\" [^x]*"};
  EXPECT_TRUE(allows(calls, {}, tool));
  EXPECT_TRUE(allows(calls, {}, '<'));
  EXPECT_FALSE(allows(calls, {'<'}, tool));
  EXPECT_FALSE(allows(calls, {tool}, tool));
  EXPECT_TRUE(allows(calls, {tool}, '\n'));
  EXPECT_TRUE(allows(calls, {tool, '\n'}, '<'));
  EXPECT_FALSE(allows(calls, {tool, '\n'}, tool));
  EXPECT_FALSE(allows({.kind = Kind::kRegex, .text = ".*"}, {}, tool));
  EXPECT_FALSE(allows({.kind = Kind::kChoice, .choices = {"<tool>"}}, {}, tool));

  const OutputFormat thought = {.kind = Kind::kChoice, .choices = {"b"}, .after = "</think>"};
  EXPECT_TRUE(allows(thought, {'a'}, think));
  EXPECT_FALSE(allows(thought, {'a'}, tool));
  EXPECT_FALSE(allows(thought, {'a'}, tokenizer.end()));
  EXPECT_TRUE(allows(thought, {'a', think}, 'b'));
  EXPECT_TRUE(allows(thought, {'a', think, '\n'}, 'b'));
  EXPECT_FALSE(allows(thought, {'a', think}, 'a'));
  EXPECT_TRUE(allows(thought, {'a', think, 'b'}, tokenizer.end()));
}

// Many ways to read the same text cost time; there is an end to it, and it is one request's.
TEST(CompiledFormat, GivesUpWhatIsTooAmbiguous) {
  const PieceTokenizer tokenizer(random_pieces(8));
  auto vocabulary = std::make_shared<const FormatVocabulary>(tokenizer);
  CompiledFormat format(
      *build_automaton({.kind = Kind::kRegex, .text = "((a|aa){1,60000}){200,60000}b"}),
      vocabulary);
  std::vector<TokenId> completion;
  FormatCursor cursor;
  Status last;
  for (int i = 0; i < 300 && last.is_ok(); ++i) {
    format.follow(cursor, completion);
    last = format.mask(cursor).status();
    completion.push_back('a');
  }
  EXPECT_EQ(last.reason(), "format_error");
  EXPECT_EQ(last.code(), StatusCode::kResourceExhausted);
}

TEST(TokenMask, LeavesWhatItAllows) {
  std::mt19937 random(1);
  for (const uint32_t share : {2u, 100u, 1000u}) {
    std::vector<uint64_t> bits(16);
    std::vector<bool> allowed(1000);
    for (size_t i = 0; i < allowed.size(); ++i) {
      allowed[i] = random() % 1000 < share;
      if (allowed[i]) bits[i / 64] |= uint64_t{1} << (i % 64);
    }
    const TokenMask mask(bits);
    EXPECT_EQ(mask.count(), std::ranges::count(allowed, true));
    std::vector<float> logits(1100, 2.0f);  // the model has more columns than the tokenizer tokens
    mask.apply(logits);
    for (size_t i = 0; i < logits.size(); ++i) {
      const bool stays = i < allowed.size() && allowed[i];
      EXPECT_EQ(logits[i], stays ? 2.0f : -std::numeric_limits<float>::infinity()) << i;
      EXPECT_EQ(mask.allows(static_cast<TokenId>(i)), stays) << i;
    }
  }
}

TEST(FormatVocabulary, HoldsEveryTokenOnce) {
  const PieceTokenizer tokenizer(random_pieces(9), {"<end>", "<tag>"});
  const FormatVocabulary vocabulary(tokenizer);
  std::vector<int> seen(static_cast<size_t>(tokenizer.vocab_size()));
  for (const auto nodes : {vocabulary.plain().inside(), vocabulary.plain().outside()}) {
    std::string path;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const TokenSplit::Node& node = nodes[i];
      ASSERT_LE(node.depth, path.size() + 1);
      path.resize(node.depth - 1u);
      path += static_cast<char>(node.byte);
      ASSERT_GT(node.end, i);
      ASSERT_LE(node.end, nodes.size());
      if (node.token == TokenSplit::kNoToken) continue;
      EXPECT_EQ(tokenizer.token_bytes(node.token), path);
      ++seen[static_cast<size_t>(node.token)];
    }
  }
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    EXPECT_EQ(seen[static_cast<size_t>(token)], tokenizer.is_control(token) ? 0 : 1);
  }
  EXPECT_EQ(vocabulary.tags().size(), 1u);
  EXPECT_EQ(vocabulary.ends().size(), 1u);
  EXPECT_FALSE(vocabulary.missing_byte().has_value());
}

}  // namespace
}  // namespace youtu
