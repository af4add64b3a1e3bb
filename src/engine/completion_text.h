// The text of a completion as it grows: tokens in, whole characters out, and an end at the first
// stop string.
#pragma once

#include <string>
#include <string_view>
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
  // `include_stop`: the stop string stays in the text.
  static Result<CompletionText> create(const Tokenizer& tokenizer, bool skip_control_tokens,
                                       const std::vector<std::string>& stop,
                                       bool include_stop = false);

  // Adds to `text` what is certain now: characters that are whole and cannot be the beginning of a
  // stop string. True when a stop string has appeared; the text ends with it or before it, and
  // nothing may be appended after that. Until the first call with `may_stop` none is looked for.
  [[nodiscard]] bool append(TokenId token, bool may_stop, std::string& text);
  // Adds to `text` what was held back. The completion has ended for another reason than a stop
  // string; if the remainder still completes one, the text ends before it and the result is true.
  [[nodiscard]] bool finish(std::string& text);
  // The one that appeared; empty as long as none has.
  const std::string& stop_string() const { return stop_matcher_.matched_string(); }

 private:
  CompletionText(Detokenizer detokenizer, StopMatcher stop_matcher, bool include_stop)
      : detokenizer_(std::move(detokenizer)),
        stop_matcher_(std::move(stop_matcher)),
        include_stop_(include_stop) {}
  bool add(std::string_view piece, std::string& text);

  Detokenizer detokenizer_;
  StopMatcher stop_matcher_;
  bool include_stop_;
};

}  // namespace youtu
