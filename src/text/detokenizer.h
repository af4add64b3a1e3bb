// Tokens to text while they are generated: only whole characters come out, and all the pieces
// together are exactly what Tokenizer::decode() gives for all the tokens.
#pragma once

#include <string>

#include "youtu/tokenizer.h"

namespace youtu {

// One per sequence, on its thread. The tokenizer must outlive it.
class Detokenizer {
 public:
  Detokenizer(const Tokenizer& tokenizer, bool skip_control)
      : tokenizer_(tokenizer), skip_control_(skip_control) {}

  // The text that is certain now. A character whose last bytes are still missing waits; a malformed
  // sequence becomes U+FFFD as soon as it is known to be one.
  std::string append(TokenId token);
  // What waits, with U+FFFD for a character that never became whole. The detokenizer is then as
  // new.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool skip_control_;
  std::string pending_;
};

}  // namespace youtu
