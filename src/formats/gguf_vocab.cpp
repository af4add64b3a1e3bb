#include "formats/gguf_vocab.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "formats/printable.h"

namespace youtu {

namespace {

// Values of tokenizer.ggml.token_type.
enum class GgufTokenType : int64_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

// Ranges of characters are written as code points: editors and web pages normalize some of them
// away.

// The letters with case of the Unicode version that DeepSeek's tokenizer was made with.
constexpr std::string_view kDeepseekLetters =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF})"
    R"(\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F})"
    R"(\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481})"
    R"(\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD})"
    R"(\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45})"
    R"(\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D})"
    R"(\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC})"
    R"(\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4})"
    R"(\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124})"
    R"(\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F})"
    R"(\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4})"
    R"(\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06})"
    R"(\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F})"
    R"(\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2})"
    R"(\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+)";
constexpr std::string_view kDeepseekPunctuation =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)";
constexpr std::string_view kDeepseekEastAsian =
    R"([\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";

// Runs of Hangul, of Chinese punctuation, of Bopomofo, of Han and kana; what lies between stays
// whole.
constexpr std::string_view kYoutuEastAsian =
    R"([\x{AC00}-\x{D7A3}\x{3131}-\x{318E}]+|)"
    R"([\x{FF01}\x{2026}\x{201C}\x{201D}\x{2018}\x{2019}\x{2014}\x{FF1A}\x{FF1B}\x{FF0C})"
    R"(\x{3001}-\x{303F}\x{FE30}-\x{FE4F}]+|)"
    R"([\x{3105}-\x{312F}]+|[\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)";

constexpr std::string_view kContraction = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";

// Words as GPT-4 cuts them; `number` is one run of digits.
std::string gpt4_words(std::string_view number) {
  return std::string(kContraction) + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|)" + std::string(number) +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

// Words as GPT-4o cuts them: upper case, then lower case, with a contraction glued to them.
std::string gpt4o_words(std::string_view number) {
  constexpr std::string_view kFirst = R"([^\r\n\p{L}\p{N}]?)";
  constexpr std::string_view kUpper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
  constexpr std::string_view kLower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
  std::string pattern;
  for (const auto& [upper, lower] : {std::pair("*", "+|"), std::pair("+", "*|")}) {
    pattern.append(kFirst).append(kUpper).append(upper, 1).append(kLower).append(lower, 1);
    pattern.append(kContraction).append("?|");
  }
  return pattern + std::string(number) + R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

struct PreType {
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say
  std::vector<std::string> patterns = {};
};

std::optional<PreType> find_pre_type(std::string_view name) {
  constexpr std::string_view kOneDigit = R"(\p{N})";
  constexpr std::string_view kThreeDigits = R"(\p{N}{1,3})";
  if (name == "youtu") {
    return PreType{true, false, {std::string(kYoutuEastAsian), gpt4o_words(kOneDigit)}};
  }
  if (name == "gpt-2") return PreType{false, false, {kGpt2Pattern}};
  if (name == "llama-bpe" || name == "llama3" || name == "llama-v3") {
    return PreType{true, true, {gpt4_words(kThreeDigits)}};
  }
  if (name == "qwen2" || name == "deepseek-r1-qwen") {
    return PreType{false, false, {gpt4_words(kOneDigit)}};
  }
  if (name == "gpt-4o") return PreType{false, false, {gpt4o_words(kThreeDigits)}};
  if (name == "llama4") return PreType{true, false, {gpt4o_words(kThreeDigits)}};
  if (name == "deepseek-llm") {
    return PreType{false,
                   false,
                   {R"([\r\n])", std::string(kDeepseekLetters), std::string(kDeepseekPunctuation),
                    R"(\s+$)", std::string(kDeepseekEastAsian), R"(\p{N}+)"}};
  }
  return std::nullopt;
}

Status tokenizer_error(std::string message) {
  return Status::invalid_argument("tokenizer: " + std::move(message));
}

Status read_model_and_pre_type(const GgufMetadata& metadata, VocabSpec& spec, bool& add_bos) {
  const auto model = metadata.get_string("tokenizer.ggml.model");
  RETURN_IF_ERROR(model);
  if (*model != "gpt2") {
    return tokenizer_error("tokenizer.ggml.model is \"" + printable(*model) +
                           "\" (only gpt2, byte-level BPE, is supported)");
  }
  const auto pre = metadata.get_string("tokenizer.ggml.pre");
  RETURN_IF_ERROR(pre);
  const auto type = find_pre_type(*pre);
  if (!type) {
    return tokenizer_error("tokenizer.ggml.pre \"" + printable(*pre) + "\" is not supported");
  }
  spec.ignore_merges = type->ignore_merges;
  add_bos = type->add_bos;
  for (const std::string& pattern : type->patterns) {
    spec.pre_tokenizer.emplace_back(SplitStage{pattern});
  }
  return {};
}

Status read_tokens(const GgufMetadata& metadata, VocabSpec& spec) {
  const auto tokens = metadata.get_strings("tokenizer.ggml.tokens");
  RETURN_IF_ERROR(tokens);
  const auto types = metadata.find_ints("tokenizer.ggml.token_type");
  RETURN_IF_ERROR(types);
  const size_t size = (*tokens)->size();
  if (size == 0 || size > kMaxVocabSize) {
    return tokenizer_error(std::to_string(size) + " tokens (1 to " + std::to_string(kMaxVocabSize) +
                           ")");
  }
  if (*types && (*types)->size() != size) {
    return tokenizer_error(std::to_string((*types)->size()) + " token types for " +
                           std::to_string(size) + " tokens");
  }
  spec.pieces.resize(size);
  for (size_t id = 0; id < size; ++id) {
    const std::string_view text = (**tokens)[id];
    if (!is_utf8(text) || text.size() > kMaxPieceBytes) {
      return tokenizer_error("token " + std::to_string(id) + " is not UTF-8 or longer than " +
                             std::to_string(kMaxPieceBytes) + " bytes");
    }
    const auto type = static_cast<GgufTokenType>(*types ? (**types)[id] : 1);
    if (type < GgufTokenType::kNormal || type > GgufTokenType::kByte) {
      return tokenizer_error("token " + std::to_string(id) + " has the type " +
                             std::to_string(static_cast<int64_t>(type)) + " (1 to 6)");
    }
    if (type == GgufTokenType::kUnused) continue;
    spec.pieces[id] = text;
    const bool is_control = type == GgufTokenType::kControl || type == GgufTokenType::kUnknown;
    if (!is_control && type != GgufTokenType::kUserDefined) continue;
    AddedToken added;
    added.id = static_cast<TokenId>(id);
    added.content = text;
    added.control = is_control;
    spec.added_tokens.push_back(std::move(added));
  }
  return {};
}

Status read_merges(const GgufMetadata& metadata, VocabSpec& spec) {
  const auto merges = metadata.get_strings("tokenizer.ggml.merges");
  RETURN_IF_ERROR(merges);
  if ((*merges)->size() > kMaxMerges) {
    return tokenizer_error(std::to_string((*merges)->size()) + " merges (at most " +
                           std::to_string(kMaxMerges) + ")");
  }
  spec.merges.reserve((*merges)->size());
  for (const std::string_view merge : **merges) {
    // A half never begins with a space: the alphabet writes one as U+0120.
    const size_t space = merge.find(' ', 1);
    if (space == merge.npos || space + 1 == merge.size()) {
      return tokenizer_error("merge " + std::to_string(spec.merges.size()) +
                             " is not \"left right\"");
    }
    spec.merges.push_back(
        {std::string(merge.substr(0, space)), std::string(merge.substr(space + 1))});
  }
  return {};
}

Result<std::optional<TokenId>> find_id(const GgufMetadata& metadata, std::string_view key,
                                       size_t vocab_size) {
  const auto id = metadata.find_int(key, 0, static_cast<int64_t>(vocab_size) - 1);
  if (!id) return id.status().with_prefix("tokenizer: ");
  if (!*id) return std::optional<TokenId>();
  return std::optional(static_cast<TokenId>(**id));
}

Status read_special_ids(const GgufMetadata& metadata, bool add_bos, VocabSpec& spec) {
  const size_t size = spec.pieces.size();
  const auto bos = find_id(metadata, "tokenizer.ggml.bos_token_id", size);
  RETURN_IF_ERROR(bos);
  const auto pad = find_id(metadata, "tokenizer.ggml.padding_token_id", size);
  RETURN_IF_ERROR(pad);
  spec.bos_id = *bos;
  spec.pad_id = *pad;
  // Files name further tokens that end a turn; llama.cpp stops at each of them.
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.eom_token_id"}) {
    const auto id = find_id(metadata, key, size);
    RETURN_IF_ERROR(id);
    if (*id) spec.eos_ids.push_back(**id);
  }
  const auto flag = metadata.find_bool("tokenizer.ggml.add_bos_token");
  RETURN_IF_ERROR(flag);
  if (flag->value_or(add_bos) && spec.bos_id) spec.prompt_prefix.push_back(*spec.bos_id);
  if (flag->value_or(false) && !spec.bos_id) {
    return tokenizer_error("tokenizer.ggml.add_bos_token is true without a bos_token_id");
  }
  return {};
}

}  // namespace

Result<VocabSpec> read_gguf_vocab(const GgufMetadata& metadata) {
  VocabSpec spec;
  bool add_bos = false;
  RETURN_IF_ERROR(read_model_and_pre_type(metadata, spec, add_bos));
  RETURN_IF_ERROR(read_tokens(metadata, spec));
  RETURN_IF_ERROR(read_merges(metadata, spec));
  RETURN_IF_ERROR(read_special_ids(metadata, add_bos, spec));
  const auto chat_template = metadata.find_string("tokenizer.chat_template");
  RETURN_IF_ERROR(chat_template);
  if (*chat_template) {
    spec.chat_template = **chat_template;
    spec.chat_template_name = "tokenizer.chat_template";
  }
  return spec;
}

}  // namespace youtu
