// The tokenizer of a Hugging Face folder: tokenizer.json, tokenizer_config.json and
// chat_template.jinja as one VocabSpec. Types and options that we do not implement are refused by
// name; nothing is guessed.
#pragma once

#include <string_view>

#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

// The largest published tokenizer.json has about 33 MB.
inline constexpr size_t kMaxTokenizerJsonBytes = 128u << 20;
inline constexpr size_t kMaxTokenizerConfigBytes = 16u << 20;
inline constexpr size_t kMaxChatTemplateBytes = 1u << 20;

struct TokenizerFiles {
  std::string_view tokenizer_json;
  std::string_view tokenizer_config_json = {};  // empty: there is none
  std::string_view chat_template_jinja =
      {};  // empty: there is none; else it wins over tokenizer_config.json
};

// Errors begin with the name of the file: "tokenizer.json: vocab: the id 7 appears twice".
//
// Ids as in Hugging Face's library: the vocabulary may have gaps, which are ids without a piece; an
// id outside of 0 to kMaxVocabSize - 1 or twice is an error. What bos_token, eos_token and
// pad_token name must be in the vocabulary. add_bos_token decides about the begin token where it is
// given, else the post-processor. Truncation and padding of tokenizer.json, and
// clean_up_tokenization_spaces, are not the tokenizer's business here and are ignored.
Result<VocabSpec> read_tokenizer_json(const TokenizerFiles& files);

}  // namespace youtu
