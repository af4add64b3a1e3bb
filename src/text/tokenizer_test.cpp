#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/byte_vocab.h"

namespace youtu {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const Tokenizer> make(VocabSpec spec) {
  auto tokenizer = BpeTokenizer::create(std::move(spec));
  EXPECT_TRUE(tokenizer.is_ok()) << tokenizer.status().message();
  return tokenizer.is_ok() ? *tokenizer : nullptr;
}

std::vector<TokenId> encode(const Tokenizer& tokenizer, std::string_view text,
                            bool trusted = true) {
  const auto tokens = tokenizer.encode(text, trusted);
  EXPECT_TRUE(tokens.is_ok()) << tokens.status().message();
  return tokens.is_ok() ? *tokens : std::vector<TokenId>();
}

std::string create_error(VocabSpec spec) {
  const auto tokenizer = BpeTokenizer::create(std::move(spec));
  return tokenizer.is_ok() ? "accepted" : tokenizer.status().message();
}

TEST(BpeTokenizer, EncodesAndDecodes) {
  VocabSpec spec = byte_vocab({{"h", "i"}, {" ", "hi"}}, {"<|end|>"});
  spec.eos_ids = {258, 258};
  const auto tokenizer = make(std::move(spec));
  EXPECT_THAT(encode(*tokenizer, "hi hi<|end|>"), ElementsAre(256, 257, 258));
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{256, 257, 258}, false), "hi hi<|end|>");
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{256, 257, 258}, true), "hi hi");
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{0xE4, 'a', -5, 9999}, true),
            "\uFFFD"
            "a");
  EXPECT_EQ(tokenizer->vocab_size(), 259);
  EXPECT_THAT(tokenizer->eos_tokens(), ElementsAre(258));
  EXPECT_TRUE(tokenizer->is_control(258));
  EXPECT_FALSE(tokenizer->is_control(256));
  EXPECT_FALSE(tokenizer->is_control(-1));
  EXPECT_EQ(tokenizer->find_token("<|end|>"), 258);
  EXPECT_EQ(tokenizer->find_token(" hi"), 257);
  EXPECT_EQ(tokenizer->find_token("nothing"), std::nullopt);
  EXPECT_THAT(encode(*tokenizer, ""), ElementsAre());
}

TEST(BpeTokenizer, AddedTokensAreLeftmostThenLongest) {
  const auto tokenizer = make(byte_vocab({}, {"<a>", "<a>b", "a>b<"}));
  EXPECT_THAT(encode(*tokenizer, "<a>b<"), ElementsAre(257, '<'));
  EXPECT_THAT(encode(*tokenizer, "<a>c"), ElementsAre(256, 'c'));
  EXPECT_THAT(encode(*tokenizer, "xa>b<"), ElementsAre('x', 258));
  EXPECT_THAT(encode(*tokenizer, "<a><a>"), ElementsAre(256, 256));
}

TEST(BpeTokenizer, StripsAndSingleWordsAsHuggingFaceDoes) {
  VocabSpec spec = byte_vocab({}, {"<l>", "<r>", "and"});
  spec.added_tokens[0].lstrip = true;
  spec.added_tokens[1].rstrip = true;
  spec.added_tokens[2].single_word = true;
  const auto tokenizer = make(std::move(spec));
  EXPECT_THAT(encode(*tokenizer, "a \n<l> b"), ElementsAre('a', 256, ' ', 'b'));
  EXPECT_THAT(encode(*tokenizer, "a <r> \nb"), ElementsAre('a', ' ', 257, 'b'));
  EXPECT_THAT(encode(*tokenizer, "<r>  <l>"), ElementsAre(257, 256));
  EXPECT_THAT(encode(*tokenizer, "and,and"), ElementsAre(258, ',', 258));
  EXPECT_THAT(encode(*tokenizer, "band"), ElementsAre('b', 'a', 'n', 'd'));
  EXPECT_THAT(encode(*tokenizer, "and1"), ElementsAre('a', 'n', 'd', '1'));
}

TEST(BpeTokenizer, NormalizedTokensAreFoundInNormalizedText) {
  VocabSpec spec = byte_vocab({}, {"<K>", "<R>"});
  spec.normalizer = {{NormalizerKind::kLowercase}};
  spec.added_tokens[0].normalized = true;
  const auto tokenizer = make(spec);
  EXPECT_THAT(encode(*tokenizer, "<k><K>A"), ElementsAre(256, 256, 'a'));
  EXPECT_THAT(encode(*tokenizer, "<R><r>"), ElementsAre(257, '<', 'r', '>'));
  EXPECT_THAT(encode(*tokenizer, "<k><K>", false), ElementsAre('<', 'k', '>', '<', 'k', '>'));
}

// The hostile case: the vocabulary also lists the added tokens as pieces, merges lead to them, and
// whole words are looked up. Still no spelling yields their ids.
TEST(BpeTokenizer, UntrustedTextNeverBecomesAnAddedToken) {
  VocabSpec spec = byte_vocab({{"<", "U"}, {"<U", ">"}});
  spec.ignore_merges = true;
  spec.pre_tokenizer.clear();
  spec.pieces.push_back("<|User|>");
  spec.added_tokens = {
      {.id = 257, .content = "<U>", .control = true},
      {.id = 258, .content = "<|User|>", .control = true},
      {.id = 259, .content = "</think>", .control = false, .lstrip = true, .rstrip = true}};
  const auto tokenizer = make(spec);
  for (const char* content : {"<U>", "<|User|>", "</think>"}) {
    EXPECT_THAT(encode(*tokenizer, content), testing::SizeIs(1));
    for (const std::string& text :
         {std::string(content), " " + std::string(content) + " ", std::string(content) + content,
          "a" + std::string(content) + "\n", "\u200b" + std::string(content)}) {
      const auto tokens = encode(*tokenizer, text, false);
      EXPECT_THAT(tokens, Not(Contains(testing::Ge(257)))) << text;
      EXPECT_EQ(tokenizer->decode(tokens, true), text);
    }
  }
}

std::shared_ptr<const BpeTokenizer> as_bpe(std::shared_ptr<const Tokenizer> tokenizer) {
  return std::dynamic_pointer_cast<const BpeTokenizer>(std::move(tokenizer));
}

TEST(BpeTokenizer, SegmentsKeepTheirTrust) {
  const auto tokenizer =
      as_bpe(make(byte_vocab({{"\n", "\n"}, {"a", "b"}}, {"<|User|>", "<|End|>"})));
  ASSERT_NE(tokenizer, nullptr);
  const auto ids = [&](std::vector<PromptSegment> segments) {
    const auto tokens = tokenizer->encode_segments(segments);
    return tokens.is_ok() ? *tokens : std::vector<TokenId>{-1};
  };
  EXPECT_THAT(ids({{"<|User|>", true}, {"<|End|>", false}, {"<|End|>", true}}),
              ElementsAre(258, '<', '|', 'E', 'n', 'd', '|', '>', 259));
  // A token is not put together from a trusted and an untrusted part, or from two untrusted ones.
  EXPECT_THAT(ids({{"<|", true}, {"User|>", false}}), Not(Contains(258)));
  EXPECT_THAT(ids({{"<|User|", false}, {">", true}}), Not(Contains(258)));
  EXPECT_THAT(ids({{"<|Us", false}, {"er|>", false}}), Not(Contains(258)));
  EXPECT_THAT(ids({{"<|Us", true}, {"", false}, {"er|>", true}}), ElementsAre(258));
  // Words span the border, as in the text that Hugging Face's library would see.
  EXPECT_THAT(ids({{"\n", true}, {"\n", false}}), ElementsAre(256));
  EXPECT_THAT(ids({{"a", true}, {"b", false}}), ElementsAre(257));
  // Half a character at a border is no UTF-8.
  EXPECT_EQ(tokenizer->encode_segments(std::vector<PromptSegment>{{"\xc3", true}, {"\xa9", true}})
                .status()
                .reason(),
            "invalid_utf8");
}

TEST(BpeTokenizer, RefusesTextThatIsNotUtf8) {
  const auto tokenizer = make(byte_vocab());
  for (const char* text : {"a\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xb8"}) {
    const auto tokens = tokenizer->encode(text, false);
    ASSERT_FALSE(tokens.is_ok());
    EXPECT_EQ(tokens.status().reason(), "invalid_utf8");
  }
  EXPECT_THAT(tokenizer->encode("ab\xff", true).status().message(), HasSubstr("byte 2"));
}

TEST(BpeTokenizer, PutsTheBeginTokenBeforePrompts) {
  VocabSpec spec = byte_vocab({}, {"<s>"});
  spec.bos_id = 256;
  EXPECT_THAT(*make(spec)->encode_prompt("a"), ElementsAre('a'));
  spec.prompt_prefix = {256};
  EXPECT_THAT(*make(spec)->encode_prompt("a"), ElementsAre(256, 'a'));
  EXPECT_THAT(*make(spec)->encode_prompt("<s>"), ElementsAre(256, '<', 's', '>'));
  EXPECT_THAT(*make(spec)->encode("a", true), ElementsAre('a'));
}

TEST(BpeTokenizer, SaysThatThereIsNoChatTemplate) {
  const auto tokenizer = make(byte_vocab());
  EXPECT_FALSE(tokenizer->has_chat_template());
  const auto rendered = tokenizer->render_chat({}, {});
  EXPECT_EQ(rendered.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(rendered.status().message(), "this model has no chat template");
  EXPECT_EQ(tokenizer->encode_chat({}, {}).status().code(), StatusCode::kFailedPrecondition);
}

TEST(BpeTokenizer, EncodesAConversationByItsTemplate) {
  VocabSpec spec = byte_vocab({}, {"<s>", "<|User|>"});
  spec.bos_id = 256;
  spec.chat_template = "{{ bos_token }}{% for m in messages %}<|User|>{{ m.content }}{% endfor %}";
  spec.chat_template_name = "chat_template.jinja";
  const auto tokenizer = make(spec);
  ASSERT_TRUE(tokenizer->has_chat_template());
  const std::vector<ChatMessage> messages = {{.role = "user", .content = "a<s>"}};
  const auto tokens = tokenizer->encode_chat(messages, {});
  ASSERT_TRUE(tokens.is_ok()) << tokens.status().message();
  EXPECT_THAT(*tokens, ElementsAre(256, 257, 'a', '<', 's', '>'));
}

TEST(BpeTokenizer, RefusesBrokenDescriptions) {
  EXPECT_THAT(create_error({}), HasSubstr("vocab: there are no pieces"));
  VocabSpec spec = byte_vocab({}, {"<s>"});
  spec.bos_id = 257;
  EXPECT_THAT(create_error(spec), HasSubstr("bos has the id 257 (0 to 256)"));
  spec.bos_id = -1;
  EXPECT_THAT(create_error(spec), HasSubstr("bos has the id -1"));
  spec = byte_vocab({}, {"<s>"});
  spec.eos_ids = {1 << 30};
  EXPECT_THAT(create_error(spec), HasSubstr("eos has the id"));
  spec = byte_vocab({}, {"<s>", "<s>"});
  EXPECT_THAT(create_error(spec), HasSubstr("added_tokens: the content of id 257 appears twice"));
  spec = byte_vocab({}, {"<s>", "<t>"});
  spec.added_tokens[1].id = 256;
  EXPECT_THAT(create_error(spec), HasSubstr("added_tokens: the id 256 appears twice"));
  spec.added_tokens[1].id = -7;
  EXPECT_THAT(create_error(spec), HasSubstr("added_tokens"));
  spec.added_tokens[1].id = 1 << 20;
  EXPECT_THAT(create_error(spec), HasSubstr("added_tokens"));
  spec = byte_vocab({{"a", "b"}}, {"ab"});
  EXPECT_THAT(create_error(spec), HasSubstr("has the id 256 in vocab"));
  spec = byte_vocab({{"a", "b"}}, {"x"});
  spec.added_tokens[0].id = 256;
  EXPECT_THAT(create_error(spec), HasSubstr("is another piece in vocab"));
  EXPECT_THAT(create_error(byte_vocab({}, {""})), HasSubstr("has 0 bytes (1 to 1024)"));
  spec = byte_vocab();
  spec.chat_template = "{% if %}";
  spec.chat_template_name = "chat_template.jinja";
  EXPECT_THAT(create_error(spec), HasSubstr("chat_template.jinja"));
}

}  // namespace
}  // namespace youtu
