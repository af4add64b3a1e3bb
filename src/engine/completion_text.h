// The text of a completion as it grows: tokens in, whole characters out, and an end at the first
// stop string.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "text/detokenizer.h"
#include "text/stop_matcher.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

class CompletionText {
 public:
  // Fails on stop strings that are out of their limits or no UTF-8; the error's param is "stop".
  // REQUIRES: `tokenizer` outlives the result.
  static Result<CompletionText> create(const Tokenizer& tokenizer, bool skip_control_tokens,
                                       const std::vector<std::string>& stop);

  // Adds to `text` what is certain now: characters that are whole and cannot be the beginning of a
  // stop string. True when a stop string has appeared; the text ends before it, and nothing may be
  // appended after that.
  [[nodiscard]] bool append(TokenId token, std::string& text);
  // Adds to `text` what was held back. The completion has ended for another reason than a stop
  // string; if the remainder still completes one, the text ends before it and the result is true.
  [[nodiscard]] bool finish(std::string& text);

 private:
  CompletionText(Detokenizer detokenizer, StopMatcher stop_matcher)
      : detokenizer_(std::move(detokenizer)), stop_matcher_(std::move(stop_matcher)) {}

  Detokenizer detokenizer_;
  StopMatcher stop_matcher_;
};

}  // namespace youtu
