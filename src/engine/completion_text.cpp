#include "engine/completion_text.h"

#include "base/check.h"

namespace youtu {

Result<CompletionText> CompletionText::create(const Tokenizer& tokenizer, bool skip_control_tokens,
                                              const std::vector<std::string>& stop) {
  auto stop_matcher = StopMatcher::create(stop);
  RETURN_IF_ERROR(stop_matcher);
  return CompletionText(Detokenizer(tokenizer, skip_control_tokens), *std::move(stop_matcher));
}

bool CompletionText::append(TokenId token, std::string& text) {
  text += stop_matcher_.append(detokenizer_.append(token));
  return stop_matcher_.matched();
}

bool CompletionText::finish(std::string& text) {
  text += stop_matcher_.append(detokenizer_.finish());
  if (stop_matcher_.matched()) return true;
  text += stop_matcher_.finish();
  return false;
}

}  // namespace youtu
