#include "engine/completion_outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace youtu {
namespace {

using Part = OutlineCursor::Part;

constexpr std::string_view kSpace = " \t\r\n";

// How many bytes a character of UTF-8 has left after `byte`, which follows one with `num_missing`.
int missing_after(int num_missing, char byte) {
  const auto value = static_cast<uint8_t>(byte);
  if (value < 0x80) return 0;
  if (value < 0xC0) return std::max(0, num_missing - 1);
  return value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3;
}

// How much of `mark` stands at the end of its first `num_matched` bytes and `next`.
size_t matched_after(std::string_view mark, size_t num_matched, char next) {
  for (size_t length = num_matched; length > 0; --length) {
    const bool is_prefix = mark.substr(num_matched - length, length) == mark.substr(0, length);
    if (is_prefix && mark[length] == next) return length + 1;
  }
  return mark.front() == next ? 1 : 0;
}

Status check_size(std::string_view name, size_t size, size_t least, size_t most) {
  if (size >= least && size <= most) return Status::ok();
  return Status::invalid_argument(
      fmt::format("{} has {} bytes ({} to {})", name, size, least, most), std::string(name),
      "out_of_range");
}

// What the model is made to write: the last words are text, the tag may be a token of its own.
Result<std::vector<TokenId>> encode_closing(const Tokenizer& tokenizer, const ThoughtRules& rules) {
  Result<std::vector<TokenId>> closing = tokenizer.encode(rules.last_words, /*trusted=*/false);
  RETURN_IF_ERROR(closing);
  const Result<std::vector<TokenId>> tag = tokenizer.encode(rules.end, /*trusted=*/true);
  RETURN_IF_ERROR(tag);
  closing->insert(closing->end(), tag->begin(), tag->end());
  return closing;
}

}  // namespace

Result<CompletionOutline> CompletionOutline::create(const Tokenizer& tokenizer,
                                                    const GenerationRequest& request) {
  CompletionOutline outline;
  RETURN_IF_ERROR(check_size("ends_behind", request.ends_behind.size(), 0, kMaxThoughtTagBytes));
  outline.ends_behind_ = request.ends_behind;
  if (request.thought) {
    const ThoughtRules& rules = *request.thought;
    RETURN_IF_ERROR(check_size("thought.begin", rules.begin.size(), 1, kMaxThoughtTagBytes));
    RETURN_IF_ERROR(check_size("thought.end", rules.end.size(), 1, kMaxThoughtTagBytes));
    RETURN_IF_ERROR(
        check_size("thought.last_words", rules.last_words.size(), 0, kMaxLastWordsBytes));
    outline.budget_ = request.sampling.thinking_token_budget;
    outline.is_text_ = request.output_format.has_value();
    if (outline.budget_ >= 0) {
      Result<std::vector<TokenId>> closing = encode_closing(tokenizer, rules);
      RETURN_IF_ERROR(closing);
      outline.closing_ = *std::move(closing);
    }
    outline.thought_ = rules;
  }
  if (outline.thought_ || !outline.ends_behind_.empty()) outline.tokenizer_ = &tokenizer;
  return outline;
}

OutlineCursor CompletionOutline::start() const {
  OutlineCursor cursor;
  if (thought_) cursor.part = thought_->is_open ? Part::kThought : Part::kBefore;
  return cursor;
}

void CompletionOutline::follow(OutlineCursor& cursor, TokenId token) const {
  if (tokenizer_ == nullptr) return;
  const std::string_view bytes = tokenizer_->token_bytes(token);
  switch (cursor.part) {
    case Part::kBefore:
      return follow_beginning(cursor, bytes);
    case Part::kThought:
      if (forced_token(cursor)) ++cursor.num_forced;
      return follow_thought(cursor, bytes);
    case Part::kAnswer:
      return follow_answer(cursor, bytes);
    case Part::kEnd:
      return;
  }
}

std::optional<TokenId> CompletionOutline::forced_token(const OutlineCursor& cursor) const {
  if (budget_ < 0 || cursor.part != Part::kThought) return std::nullopt;
  if (cursor.reasoning_tokens() < budget_ || cursor.num_forced == closing_.size()) {
    return std::nullopt;
  }
  // A character that is written in several tokens is finished first.
  if (is_text_ && cursor.num_forced == 0 && cursor.num_missing_bytes > 0) return std::nullopt;
  return closing_[cursor.num_forced];
}

void CompletionOutline::follow_beginning(OutlineCursor& cursor, std::string_view bytes) const {
  for (const char byte : bytes) {
    if (cursor.num_matched == 0 && kSpace.find(byte) != std::string_view::npos) continue;
    if (byte != thought_->begin[cursor.num_matched]) {
      cursor.part = Part::kAnswer;
      cursor.num_matched = 0;
      return;
    }
    if (++cursor.num_matched < thought_->begin.size()) continue;
    cursor.part = Part::kThought;
    cursor.num_matched = 0;
    return;
  }
}

// A token is the thought's if any of its bytes are. Of those that may begin the tag it is known
// later.
void CompletionOutline::follow_thought(OutlineCursor& cursor, std::string_view bytes) const {
  bool has_text = bytes.empty();
  for (size_t i = 0; i < bytes.size(); ++i) {
    cursor.num_missing_bytes = missing_after(cursor.num_missing_bytes, bytes[i]);
    cursor.num_matched = matched_after(thought_->end, cursor.num_matched, bytes[i]);
    const size_t num_bytes = i + 1;  // of this token
    has_text = has_text || cursor.num_matched < num_bytes;
    if (cursor.num_matched <= num_bytes) {  // what may be the tag begins in this token
      cursor.num_thought_tokens += std::exchange(cursor.num_tag_tokens, 0);
    }
    if (cursor.num_matched < thought_->end.size()) continue;
    cursor.num_thought_tokens += has_text ? 1 : 0;
    cursor.num_matched = 0;
    cursor.part = Part::kAnswer;
    return;
  }
  ++(has_text ? cursor.num_thought_tokens : cursor.num_tag_tokens);
}

void CompletionOutline::follow_answer(OutlineCursor& cursor, std::string_view bytes) const {
  if (ends_behind_.empty()) return;
  for (const char byte : bytes) {
    cursor.num_matched = matched_after(ends_behind_, cursor.num_matched, byte);
    if (cursor.num_matched < ends_behind_.size()) continue;
    cursor.part = Part::kEnd;
    return;
  }
}

}  // namespace youtu
