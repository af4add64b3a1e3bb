// Reading tokenizer.json: what is understood, and rows T of the bad-input suite.
#include "formats/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/json.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace youtu {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Json byte_level(bool prefix_space = false, bool use_regex = true) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json split_json(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

// A small whole file: the bytes, one merge, two added tokens.
Json good_file() {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte)
    vocab[piece_of_bytes(std::string(1, static_cast<char>(byte)))] = byte;
  vocab["ab"] = 256;
  return {{"version", "1.0"},
          {"added_tokens",
           {{{"id", 257},
             {"content", "<s>"},
             {"special", true},
             {"lstrip", false},
             {"rstrip", true},
             {"single_word", false},
             {"normalized", false}},
            {{"id", 258}, {"content", "<think>"}, {"special", false}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level()},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"vocab", vocab},
            {"merges", Json::array({Json::array({"a", "b"})})},
            {"ignore_merges", true}}}};
}

Result<VocabSpec> read(const Json& file, const Json& config = nullptr,
                       std::string_view jinja = {}) {
  const std::string text = file.dump();
  const std::string config_text = config.is_null() ? "" : config.dump();
  return read_tokenizer_json({text, config_text, jinja});
}

std::string error_of(const Json& file, const Json& config = nullptr) {
  auto spec = read(file, config);
  if (!spec) return spec.status().message();
  const auto tokenizer = BpeTokenizer::create(std::move(*spec));
  return tokenizer.is_ok() ? "accepted" : tokenizer.status().message();
}

std::string error_after(const std::function<void(Json&)>& change) {
  Json file = good_file();
  change(file);
  return error_of(file);
}

TEST(TokenizerJson, ReadsEveryPart) {
  Json file = good_file();
  file["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers",
       {{{"type", "NFC"}},
        {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "_"}}}}};
  file["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers",
                            {split_json("[0-9]"),
                             {{"type", "Digits"}, {"individual_digits", true}},
                             byte_level(true, false)}}};
  file["post_processor"] = {
      {"type", "Sequence"},
      {"processors",
       {byte_level(),
        {{"type", "TemplateProcessing"},
         {"single",
          {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
           {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
           {{"SpecialToken", {{"id", "<think>"}}}}}},
         {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {257}}, {"tokens", {"<s>"}}}}}}}}}};
  const auto spec = read(file);
  ASSERT_TRUE(spec.is_ok()) << spec.status().message();
  EXPECT_THAT(spec->pieces, SizeIs(257));
  EXPECT_EQ(spec->pieces[256], "ab");
  ASSERT_THAT(spec->merges, SizeIs(1));
  EXPECT_EQ(spec->merges[0].right, "b");
  EXPECT_TRUE(spec->ignore_merges);
  ASSERT_THAT(spec->added_tokens, SizeIs(2));
  EXPECT_TRUE(spec->added_tokens[0].control && spec->added_tokens[0].rstrip);
  EXPECT_FALSE(spec->added_tokens[1].control);
  ASSERT_THAT(spec->normalizer, SizeIs(2));
  EXPECT_EQ(spec->normalizer[1].kind, NormalizerKind::kReplace);
  ASSERT_THAT(spec->pre_tokenizer, SizeIs(3));
  EXPECT_TRUE(std::holds_alternative<PrefixSpaceStage>(spec->pre_tokenizer[2]));
  EXPECT_THAT(spec->prompt_prefix, ElementsAre(257));
}

TEST(TokenizerJson, ReadsBothFormsOfMerges) {
  Json file = good_file();
  file["model"]["merges"] = Json::array({"a b"});
  const auto spec = read(file);
  ASSERT_TRUE(spec.is_ok()) << spec.status().message();
  EXPECT_EQ(spec->merges[0].left, "a");
  for (const Json& bad : {Json("a b c"), Json("ab"), Json({"a"}), Json({"a", "b", "c"}), Json(1),
                          Json({"a", 1}), Json(" b"), Json("a ")}) {
    EXPECT_THAT(error_after([&](Json& f) { f["model"]["merges"] = Json::array({bad}); }),
                HasSubstr("tokenizer.json: merges: entry 0"))
        << bad;
  }
  EXPECT_THAT(error_after([](Json& f) {
                f["model"]["merges"] = Json::array({Json::array({"a", "zz"})});
              }),
              HasSubstr("merges: \"zz\""));
  EXPECT_THAT(error_after([](Json& f) { f["model"].erase("merges"); }),
              HasSubstr("merges: is missing"));
}

TEST(TokenizerJson, ChecksTheVocabulary) {
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"]["zz"] = 256; }),
              HasSubstr("tokenizer.json: vocab: the id 256 appears twice"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"]["zz"] = -1; }),
              HasSubstr("vocab: the id -1 is not in 0 to"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"]["zz"] = 1u << 31; }),
              HasSubstr("vocab: the id 2147483648"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"]["zz"] = 1.5; }),
              HasSubstr("vocab: the id 1.5"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"]["zz"] = "7"; }), HasSubstr("vocab"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"] = Json::object(); }),
              HasSubstr("vocab: is missing or empty"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["vocab"].erase("a"); }),
              HasSubstr("vocab: no piece for the byte 0x61"));
  // A gap is an id without a piece, as in Hugging Face's library.
  Json file = good_file();
  file["model"]["vocab"]["zz"] = 300;
  const auto spec = read(file);
  ASSERT_TRUE(spec.is_ok());
  EXPECT_THAT(spec->pieces, SizeIs(301));
  EXPECT_EQ(error_of(file), "accepted");
}

TEST(TokenizerJson, RefusesUnknownTypesByName) {
  EXPECT_THAT(error_after([](Json& f) { f["model"]["type"] = "Unigram"; }), HasSubstr("Unigram"));
  EXPECT_THAT(error_after([](Json& f) {
                f["pre_tokenizer"] = {{"type", "Metaspace"}};
              }),
              HasSubstr("pre_tokenizer: the type \"Metaspace\" is not supported"));
  EXPECT_THAT(error_after([](Json& f) { f["pre_tokenizer"] = nullptr; }),
              HasSubstr("pre_tokenizer: does not end with the type \"ByteLevel\""));
  EXPECT_THAT(error_after([](Json& f) {
                f["pre_tokenizer"] = {{"type", "Sequence"},
                                      {"pretokenizers", {byte_level(), split_json("a")}}};
              }),
              HasSubstr("after ByteLevel"));
  EXPECT_THAT(error_after([](Json& f) {
                f["pre_tokenizer"] = {{"typ", 1}};
              }),
              HasSubstr("pre_tokenizer: is no object with a type"));
  EXPECT_THAT(error_after([](Json& f) {
                f["normalizer"] = {{"type", "Precompiled"}};
              }),
              HasSubstr("normalizer: the type \"Precompiled\""));
  EXPECT_THAT(error_after([](Json& f) {
                f["post_processor"] = {{"type", "BertProcessing"}};
              }),
              HasSubstr("post_processor: the type \"BertProcessing\""));
  EXPECT_THAT(error_after([](Json& f) {
                f["decoder"] = {{"type", "WordPiece"}};
              }),
              HasSubstr("decoder: the type \"WordPiece\""));
  EXPECT_THAT(error_after([](Json& f) { f["decoder"] = nullptr; }),
              HasSubstr("decoder: is not of the type"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["dropout"] = 0.1; }), HasSubstr("dropout"));
  EXPECT_THAT(error_after([](Json& f) { f["model"]["end_of_word_suffix"] = "</w>"; }),
              HasSubstr("end_of_word_suffix"));
}

TEST(TokenizerJson, RefusesBadPatterns) {
  const auto with_pattern = [](const std::string& pattern) {
    return error_after([&](Json& f) {
      f["pre_tokenizer"] = {{"type", "Sequence"},
                            {"pretokenizers", {split_json(pattern), byte_level()}}};
    });
  };
  EXPECT_EQ(with_pattern("a|b"), "accepted");
  for (const std::string& pattern : {std::string("(a"), std::string("(?:a+)+b"),
                                     std::string(1u << 20, 'a'), std::string(R"(\K)")}) {
    EXPECT_THAT(with_pattern(pattern), HasSubstr("pre_tokenizer: ")) << pattern.substr(0, 20);
  }
}

TEST(TokenizerJson, BoundsNesting) {
  Json nested = byte_level();
  for (int i = 0; i < 20; ++i) nested = {{"type", "Sequence"}, {"pretokenizers", {nested}}};
  EXPECT_THAT(error_after([&](Json& f) { f["pre_tokenizer"] = nested; }), HasSubstr("depth"));
  std::string deep = R"({"pre_tokenizer":)";
  for (int i = 0; i < 10'000; ++i) deep += R"({"type":"Sequence","pretokenizers":[)";
  EXPECT_EQ(read_tokenizer_json({.tokenizer_json = deep}).status().reason(), "too_deep");
}

TEST(TokenizerJson, ChecksAddedTokens) {
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"][1]["id"] = 257; }),
              HasSubstr("added_tokens: the id 257 appears twice"));
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"][1]["content"] = "<s>"; }),
              HasSubstr("added_tokens"));
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"][1]["id"] = -3; }),
              HasSubstr("added_tokens: the id -3"));
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"][1].erase("id"); }),
              HasSubstr("added_tokens: the id null"));
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"][1]["special"] = 1; }),
              HasSubstr("special of \"<think>\" is no boolean"));
  EXPECT_THAT(error_after([](Json& f) { f["added_tokens"] = "x"; }), HasSubstr("added_tokens"));
}

TEST(TokenizerJson, NamesBrokenFiles) {
  for (const char* text : {"", "[]", "{", "null", "{}", "\xff", R"({"model":[]})"}) {
    EXPECT_THAT(read_tokenizer_json({.tokenizer_json = text}).status().message(),
                HasSubstr("tokenizer.json: "))
        << text;
  }
  EXPECT_THAT(error_of(good_file(), Json::array()), HasSubstr("tokenizer_config.json: "));
}

TEST(TokenizerJson, ReadsTheConfiguration) {
  const Json config = {{"bos_token", {{"content", "<s>"}}},
                       {"eos_token", "<think>"},
                       {"pad_token", nullptr},
                       {"add_bos_token", true},
                       {"chat_template", "T"}};
  auto spec = read(good_file(), config);
  ASSERT_TRUE(spec.is_ok()) << spec.status().message();
  EXPECT_EQ(spec->bos_id, 257);
  EXPECT_THAT(spec->eos_ids, ElementsAre(258));
  EXPECT_EQ(spec->pad_id, std::nullopt);
  EXPECT_THAT(spec->prompt_prefix, ElementsAre(257));
  EXPECT_EQ(spec->chat_template, "T");
  EXPECT_EQ(spec->chat_template_name, "tokenizer_config.json: chat_template");
  // A file of its own wins.
  spec = read(good_file(), config, "J");
  EXPECT_EQ(spec->chat_template, "J");
  EXPECT_EQ(spec->chat_template_name, "chat_template.jinja");
  EXPECT_THAT(error_of(good_file(), {{"bos_token", "<nope>"}}),
              HasSubstr("tokenizer_config.json: bos_token \"<nope>\" is not in tokenizer.json"));
  EXPECT_THAT(error_of(good_file(), {{"add_bos_token", true}}), HasSubstr("add_bos_token"));
  EXPECT_THAT(error_of(good_file(), {{"eos_token", 5}}), HasSubstr("eos_token"));
}

TEST(TokenizerJson, ChoosesTheDefaultTemplate) {
  const Json list = {{{"name", "tool_use"}, {"template", "U"}},
                     {{"name", "default"}, {"template", "D"}}};
  EXPECT_EQ(read(good_file(), {{"chat_template", list}})->chat_template, "D");
  EXPECT_EQ(read(good_file(), {{"chat_template", {list[0]}}})->chat_template, "U");
  EXPECT_THAT(error_of(good_file(), {{"chat_template", {list[0], list[0]}}}),
              HasSubstr("chat_template"));
  EXPECT_THAT(error_of(good_file(), {{"chat_template", 7}}), HasSubstr("chat_template"));
}

TEST(TokenizerJson, TakesMissingAddedTokensFromTheConfiguration) {
  const Json decoder = {{"257", {{"content", "<ignored>"}}},
                        {"259", {{"content", "<new>"}, {"special", true}}}};
  const auto spec = read(good_file(), {{"added_tokens_decoder", decoder}, {"eos_token", "<new>"}});
  ASSERT_TRUE(spec.is_ok()) << spec.status().message();
  ASSERT_THAT(spec->added_tokens, SizeIs(3));
  EXPECT_EQ(spec->added_tokens[2].content, "<new>");
  EXPECT_THAT(spec->eos_ids, ElementsAre(259));
  EXPECT_THAT(error_of(good_file(), {{"added_tokens_decoder", {{"x", {{"content", "y"}}}}}}),
              HasSubstr("added_tokens: the id \"x\""));
}

}  // namespace
}  // namespace youtu
