// The tokenizer of a GGUF file: what is understood, and row G14 of the bad-input suite.
#include "formats/gguf_vocab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gguf_builder.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Everything that a test may want to be different.
struct Parts {
  std::string model = "gpt2";
  std::string pre = "youtu";
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  std::vector<std::string> merges = {"a b", "\u0120 \u0120"};
  uint32_t bos = 258;
  uint32_t eos = 259;
  std::optional<bool> add_bos;

  Parts() {
    for (int byte = 0; byte < 256; ++byte)
      tokens.push_back(piece_of_bytes(std::string(1, static_cast<char>(byte))));
    for (const char* token : {"ab", "\u0120\u0120", "<s>", "</s>", "<think>", "[PAD5]"})
      tokens.emplace_back(token);
    types.assign(tokens.size(), 1);
    types[258] = types[259] = 3;
    types[260] = 4;
    types[261] = 5;
  }

  Result<VocabSpec> read() const {
    GgufBuilder builder;
    builder.string("tokenizer.ggml.model", model).string("tokenizer.ggml.pre", pre);
    builder.strings("tokenizer.ggml.tokens", tokens)
        .numbers("tokenizer.ggml.token_type", GgufType::kI32, types);
    builder.strings("tokenizer.ggml.merges", merges);
    builder.u32("tokenizer.ggml.bos_token_id", bos).u32("tokenizer.ggml.eos_token_id", eos);
    if (add_bos)
      builder.number<uint8_t>("tokenizer.ggml.add_bos_token", GgufType::kBool, *add_bos ? 1 : 0);
    builder.string("tokenizer.chat_template", "{{ x }}");
    const auto bytes = builder.build();
    const auto gguf = parse_gguf(bytes);
    if (!gguf) return gguf.status();
    return read_gguf_vocab(gguf->metadata);
  }
  std::string error() const {
    auto spec = read();
    if (!spec) return spec.status().message();
    spec->chat_template.clear();
    const auto tokenizer = BpeTokenizer::create(std::move(*spec));
    return tokenizer.is_ok() ? "accepted" : tokenizer.status().message();
  }
};

TEST(GgufVocab, ReadsEveryPart) {
  const auto spec = Parts().read();
  ASSERT_TRUE(spec.is_ok()) << spec.status().message();
  EXPECT_TRUE(spec->ignore_merges);
  EXPECT_THAT(spec->pre_tokenizer, SizeIs(2));
  ASSERT_THAT(spec->merges, SizeIs(2));
  EXPECT_EQ(spec->merges[1].left, "\u0120");
  ASSERT_THAT(spec->added_tokens, SizeIs(3));
  EXPECT_TRUE(spec->added_tokens[0].control);
  EXPECT_EQ(spec->added_tokens[2].content, "<think>");
  EXPECT_FALSE(spec->added_tokens[2].control);
  EXPECT_EQ(spec->pieces[261], "");  // unused
  EXPECT_EQ(spec->bos_id, 258);
  EXPECT_THAT(spec->eos_ids, ElementsAre(259));
  EXPECT_THAT(spec->prompt_prefix, IsEmpty());
  EXPECT_EQ(spec->chat_template, "{{ x }}");
  EXPECT_EQ(Parts().error(), "accepted");
}

TEST(GgufVocab, KnowsPreTokenizersByName) {
  for (const char* pre : {"youtu", "gpt-2", "llama-bpe", "llama3", "llama-v3", "qwen2",
                          "deepseek-r1-qwen", "deepseek-llm", "gpt-4o", "llama4"}) {
    Parts parts;
    parts.pre = pre;
    EXPECT_EQ(parts.error(), "accepted") << pre;
  }
  Parts parts;
  parts.pre = "falcon";
  EXPECT_THAT(parts.error(),
              HasSubstr("tokenizer: tokenizer.ggml.pre \"falcon\" is not supported"));
  parts.model = "llama";
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer: tokenizer.ggml.model is \"llama\""));
}

TEST(GgufVocab, AddsTheBeginTokenAsLlamaCppDoes) {
  Parts parts;
  parts.pre = "llama-bpe";
  EXPECT_THAT(parts.read()->prompt_prefix, ElementsAre(258));
  parts.add_bos = false;
  EXPECT_THAT(parts.read()->prompt_prefix, IsEmpty());
  parts.pre = "youtu";
  parts.add_bos = true;
  EXPECT_THAT(parts.read()->prompt_prefix, ElementsAre(258));
}

TEST(GgufVocab, RefusesBrokenVocabularies) {
  Parts parts;
  parts.types.pop_back();
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer: 261 token types for 262 tokens"));
  parts = Parts();
  parts.types[7] = 9;
  EXPECT_THAT(parts.error(), HasSubstr("token 7 has the type 9 (1 to 6)"));
  parts = Parts();
  parts.eos = 262;
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer.ggml.eos_token_id"));
  parts = Parts();
  parts.bos = 0xFFFFFFFF;
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer.ggml.bos_token_id"));
  parts = Parts();
  parts.merges.emplace_back("a zz");
  EXPECT_THAT(parts.error(), HasSubstr("merges: \"zz\" of merge 2"));
  parts.merges.back() = "azz";
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer: merge 2 is not \"left right\""));
  parts = Parts();
  parts.tokens[5] = "\xff";
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer: token 5 is not UTF-8"));
  parts = Parts();
  parts.tokens.clear();
  EXPECT_THAT(parts.error(), HasSubstr("tokenizer"));
}

// Row 5.3 of the pre-tokenizer's facts: stage one isolates East Asian runs, stage two is GPT-4o
// with single digits.
TEST(GgufVocab, SplitsAsYoutuDoes) {
  auto spec = Parts().read();
  ASSERT_TRUE(spec.is_ok());
  const auto pre_tokenizer = PreTokenizer::create(spec->pre_tokenizer);
  ASSERT_TRUE(pre_tokenizer.is_ok());
  const auto words = pre_tokenizer->split("It's 杜甫，1984 HTTPServer한글");
  ASSERT_TRUE(words.is_ok());
  std::vector<std::string> texts;
  for (const TextRange& range : words->ranges) texts.emplace_back(slice(words->text, range));
  EXPECT_THAT(texts,
              ElementsAre("It's", " ", "杜甫", "，", "1", "9", "8", "4", " HTTPServer", "한글"));
}

}  // namespace
}  // namespace youtu
