#include "engine/completion_text.h"

#include "base/check.h"

namespace youtu {

Result<CompletionText> CompletionText::create(const Tokenizer& tokenizer, bool skip_control_tokens,
                                              const std::vector<std::string>& stop,
                                              bool include_stop) {
  auto stop_matcher = StopMatcher::create(stop);
  RETURN_IF_ERROR(stop_matcher);
  return CompletionText(Detokenizer(tokenizer, skip_control_tokens), *std::move(stop_matcher),
                        include_stop);
}

bool CompletionText::append(TokenId token, bool may_stop, std::string& text) {
  const std::string piece = detokenizer_.append(token);
  if (may_stop) return add(piece, text);
  text += piece;
  return false;
}

bool CompletionText::finish(std::string& text) {
  if (add(detokenizer_.finish(), text)) return true;
  text += stop_matcher_.finish();
  return false;
}

bool CompletionText::add(std::string_view piece, std::string& text) {
  text += stop_matcher_.append(piece);
  if (stop_matcher_.matched() && include_stop_) text += stop_matcher_.matched_string();
  return stop_matcher_.matched();
}

}  // namespace youtu
