#include "grammar/compiled_format.h"

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {
namespace {

// Threads that may be followed for one mask, a new state counting for many: a few 10 ms at most. A
// format that needs more is too ambiguous to hold an answer to.
constexpr int64_t kMaskBudget = 200'000;

}  // namespace

CompiledFormat::CompiledFormat(Automaton automaton,
                               std::shared_ptr<const FormatVocabulary> vocabulary, size_t max_bytes)
    : vocabulary_(std::move(vocabulary)),
      states_(std::move(automaton)),
      max_bytes_(max_bytes),
      bits_(div_ceil(static_cast<size_t>(vocabulary_->vocab_size()), size_t{64})),
      path_(TokenSplit::kMaxTokenBytes + 1) {
  splits_.emplace_back();
  for (const CodePointSet& letters : states_.text_letters().subspan(1)) {
    splits_.push_back(vocabulary_->split(letters));
  }
}

void CompiledFormat::follow(FormatCursor& cursor, std::span<const TokenId> completion) {
  forget_if_too_much();
  if (cursor.generation + 1 == generation_ && cursor.generation != 0) {
    cursor.state = states_.carry_over(cursor.state);
    cursor.generation = generation_;
  } else if (cursor.generation != generation_) {
    cursor = {.generation = generation_, .num_tokens = 0, .state = states_.start()};
  }
  CHECK(cursor.num_tokens <= completion.size());
  for (; cursor.num_tokens < completion.size(); ++cursor.num_tokens) {
    states_.set_budget(kMaskBudget);
    cursor.state = step(cursor.state, completion[cursor.num_tokens]);
  }
}

StateId CompiledFormat::step(StateId state, TokenId token) {
  const std::string_view bytes = vocabulary_->token_bytes(token);
  if (bytes.empty()) return kDeadState;
  if (vocabulary_->is_control(token)) return states_.step_tag(state, bytes);
  for (const char byte : bytes) state = states_.step(state, static_cast<uint8_t>(byte));
  return state;
}

Result<const TokenMask*> CompiledFormat::mask(const FormatCursor& cursor) {
  CHECK(cursor.generation == generation_);
  ++counters_.masks;
  if (masks_.size() <= cursor.state) masks_.resize(size_t{cursor.state} + 1);
  if (!masks_[cursor.state]) {
    TokenMask made = make_mask(cursor.state);
    if (states_.is_exhausted() || made.is_empty()) {
      return Status(StatusCode::kResourceExhausted,
                    cursor.state == kDeadState
                        ? "the answer has left its format"
                        : "the output format is too ambiguous to be followed here",
                    "response_format", "format_error");
    }
    mask_bytes_ += made.bytes();
    masks_[cursor.state] = std::make_unique<const TokenMask>(std::move(made));
  }
  return masks_[cursor.state].get();
}

size_t CompiledFormat::count_allowed(FormatCursor cursor, std::span<const TokenId> tokens) {
  CHECK(cursor.generation == generation_);
  states_.set_budget(kMaskBudget);
  size_t count = 0;
  for (; count < tokens.size(); ++count) {
    cursor.state = step(cursor.state, tokens[count]);
    if (cursor.state == kDeadState) break;
  }
  return count;
}

TokenMask CompiledFormat::make_mask(StateId state) {
  ++counters_.masks_made;
  states_.set_budget(kMaskBudget);
  const auto [room, split] = text_room(state);
  split.assign_inside(room, bits_);
  // Of the tokens inside only those that are longer than the room need a look.
  if (room <= TokenSplit::kMaxTokenBytes) walk(split.inside(), state, room);
  walk(split.outside(), state, 0);
  if (states_.has_tags(state)) {
    for (const TokenId tag : vocabulary_->tags()) {
      if (states_.step_tag(state, vocabulary_->token_bytes(tag)) != kDeadState) allow(tag);
    }
  }
  if (states_.is_complete(state)) {
    for (const TokenId end : vocabulary_->ends()) allow(end);
  }
  return TokenMask(bits_);
}

// How many letters may follow at least, and the vocabulary split by these.
std::pair<uint32_t, const TokenSplit&> CompiledFormat::text_room(StateId state) const {
  const auto [count, letters] = states_.text_room(state);
  if (letters == 0) return {count, vocabulary_->plain()};
  if (splits_[letters]) return {count, *splits_[letters]};
  return {0, vocabulary_->plain()};
}

// Allows every token whose bytes lead somewhere. Those of at most `max_letters` of the split's
// letters are known to.
void CompiledFormat::walk(std::span<const TokenSplit::Node> nodes, StateId from,
                          uint32_t max_letters) {
  path_[0] = from;
  size_t i = 0;
  int64_t num_walked = 0;
  while (i < nodes.size()) {
    const TokenSplit::Node& node = nodes[i];
    ++num_walked;
    const bool is_known = node.max_letters <= max_letters && node.max_letters > 0 &&
                          node.max_letters < TokenSplit::kManyLetters;
    if (is_known) {
      i = node.end;
      continue;
    }
    const StateId next = states_.step(path_[node.depth - 1u], node.byte);
    if (next == kDeadState) {
      i = node.end;
      continue;
    }
    path_[node.depth] = next;
    if (node.token != TokenSplit::kNoToken) allow(node.token);
    ++i;
  }
  counters_.nodes_walked += num_walked;
}

void CompiledFormat::forget_if_too_much() {
  if (bytes() <= max_bytes_) return;
  states_.renew();
  masks_.clear();
  mask_bytes_ = 0;
  ++generation_;
}

}  // namespace youtu
