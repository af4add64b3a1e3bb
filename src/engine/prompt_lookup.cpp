#include "engine/prompt_lookup.h"

#include <algorithm>

#include "base/check.h"

namespace youtu {
namespace {

using Tokens = std::span<const TokenId>;

constexpr double kRecordRate = 0.1;
constexpr double kForgetRate = 0.01;

struct Match {
  size_t length = 0;
  size_t end = 0;  // where in the text it ends
};

// How many of the last tokens of `tail` equal those before `end` in `text`.
size_t match_length(Tokens text, size_t end, Tokens tail) {
  const size_t limit = std::min({end, tail.size(), PromptLookup::kMaxMatch});
  size_t length = 0;
  while (length < limit && text[end - 1 - length] == tail[tail.size() - 1 - length]) ++length;
  return length;
}

// The longest match that ends before `end_limit`; of equal ones the last.
Match longest_match(Tokens text, size_t end_limit, Tokens tail) {
  Match best;
  for (size_t end = end_limit; end > best.length; --end) {
    const size_t length = match_length(text, end, tail);
    if (length <= best.length) continue;
    best = {.length = length, .end = end};
    if (length == PromptLookup::kMaxMatch) break;
  }
  return best;
}

Tokens following(Tokens text, size_t begin, size_t max_tokens) {
  return text.subspan(begin, std::min(max_tokens, text.size() - begin));
}

}  // namespace

Tokens PromptLookup::propose(Tokens tokens, size_t num_prompt_tokens, size_t max_tokens) const {
  CHECK(num_prompt_tokens <= tokens.size());
  const Tokens completion = tokens.subspan(num_prompt_tokens);
  // The prediction is about the answer, so it begins where the answer does.
  if (completion.empty()) return following(prediction_, 0, max_tokens);
  const Match predicted = longest_match(prediction_, prediction_.size(), completion);
  const size_t enough = std::min(kMinMatch, completion.size());
  const Match said = longest_match(tokens, tokens.size() - 1, tokens);
  if (predicted.length >= enough && predicted.length >= said.length) {
    return following(prediction_, predicted.end, max_tokens);
  }
  if (said.length < kMinMatch) return {};
  return following(tokens, said.end, max_tokens);
}

void PromptLookup::record(size_t num_guessed, size_t num_right) {
  CHECK(num_right <= num_guessed);
  for (size_t i = 0; i < num_right; ++i) acceptance_ += kRecordRate * (1 - acceptance_);
  if (num_right < num_guessed) acceptance_ -= kRecordRate * acceptance_;
}

void PromptLookup::forget() {
  if (acceptance_ < kUnknown) acceptance_ += kForgetRate * (kUnknown - acceptance_);
}

}  // namespace youtu
