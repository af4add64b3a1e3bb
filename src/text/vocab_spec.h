// Everything a tokenizer is made of, as plain data that a loader fills (tokenizer.json or a GGUF
// vocabulary) and BpeTokenizer::create checks and compiles. The model is byte-level BPE: pieces are
// written in the byte alphabet of GPT-2 (src/text/byte_alphabet.h), text is cut into words by the
// pre-tokenizer, and a word is merged by rank.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "youtu/types.h"

namespace youtu {

// Limits that a loader and BpeTokenizer::create both hold.
inline constexpr size_t kMaxVocabSize = 1u << 20;  // the largest published ones have 262,144
inline constexpr size_t kMaxMerges = 1u << 22;
inline constexpr size_t kMaxAddedTokens = 1u << 16;
inline constexpr size_t kMaxPieceBytes = 1u << 16;
inline constexpr size_t kMaxAddedTokenBytes = 1024;
inline constexpr size_t kMaxPatternBytes = 16u << 10;  // one regular expression
inline constexpr size_t kMaxReplacementBytes = 64;     // what a normalizer puts for a match
inline constexpr size_t kMaxPipelineStages = 32;       // normalizer or pre-tokenizer
inline constexpr size_t kMaxPipelineDepth = 16;        // nesting of "Sequence" in a file

// A token that is matched in trusted text as a whole, before anything is split or merged.
struct AddedToken {
  TokenId id = 0;
  std::string content;       // as it is written in text
  bool control = false;      // delimits turns and the like: decode() can leave it out ("special" in
                             // tokenizer.json)
  bool lstrip = false;       // swallows the whitespace before it
  bool rstrip = false;       // swallows the whitespace after it
  bool single_word = false;  // only where no letter or digit touches it
  bool normalized = false;   // matched in normalized text instead of raw text
};

// Two pieces that become one. Rank is the position in VocabSpec::merges.
struct Merge {
  std::string left;
  std::string right;
};

enum class NormalizerKind {
  kNfc,
  kNfd,
  kNfkc,
  kNfkd,
  kLowercase,
  kStripAccents,  // removes combining marks; only useful after kNfd or kNfkd
  kStrip,         // removes whitespace at the ends
  kPrepend,       // puts `content` before a text that is not empty
  kReplace,       // each match of `pattern` becomes `content`
};

struct NormalizerStage {
  NormalizerKind kind = NormalizerKind::kNfc;
  bool strip_left = true;
  bool strip_right = true;
  std::string pattern = {};
  bool pattern_is_regex = false;
  std::string content = {};
};

// What becomes of the matches ("delimiters") of a pattern, in the words of Hugging Face.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

// Cuts every word of the stage before into smaller ones.
struct SplitStage {
  std::string pattern;  // Oniguruma's spelling if `is_regex`, else to be found literally
  bool is_regex = true;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // the matches are the words and the rest are the delimiters
};

// Puts a space before every word that does not begin with one ("add_prefix_space").
struct PrefixSpaceStage {};

using PreTokenizerStage = std::variant<SplitStage, PrefixSpaceStage>;

// GPT-2's own pattern, which the ByteLevel pre-tokenizer brings along ("use_regex").
inline constexpr const char* kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

struct VocabSpec {
  // Index is the token id. An empty piece is an id that is not in use. Added tokens need no piece.
  std::vector<std::string> pieces;
  std::vector<Merge> merges;
  bool ignore_merges =
      false;  // a word that is a piece as a whole is that piece, whatever the merges say
  std::vector<AddedToken> added_tokens;

  std::vector<NormalizerStage> normalizer;
  std::vector<PreTokenizerStage>
      pre_tokenizer;  // the mapping of bytes to the alphabet follows the last stage

  std::vector<TokenId>
      prompt_prefix;  // what the files put before a free prompt: nothing, or the begin token
  std::optional<TokenId> bos_id;
  std::optional<TokenId> pad_id;
  std::vector<TokenId> eos_ids;  // a loader may add those of generation_config.json

  std::string chat_template;       // Jinja text; empty if the model has none
  std::string chat_template_name;  // for messages: "chat_template.jinja", "tokenizer.chat_template"
};

}  // namespace youtu
