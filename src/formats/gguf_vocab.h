// The tokenizer of a GGUF file: tokenizer.ggml.* as a VocabSpec. A GGUF file names its
// pre-tokenizer instead of describing it; we know those whose regular expressions we could check,
// and refuse the others by name.
#pragma once

#include "formats/gguf.h"
#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

// Errors begin with "tokenizer" or name the key. Tokens of type 3 (control) and 4 (user defined)
// become added tokens, as in llama.cpp; those of type 5 (unused) have no piece.
Result<VocabSpec> read_gguf_vocab(const GgufMetadata& metadata);

}  // namespace youtu
