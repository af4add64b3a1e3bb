#include "grammar/format_vocabulary.h"

#include <algorithm>
#include <array>

#include "grammar/automaton.h"

namespace youtu {
namespace {

// A split pays where at least this part of the tokens is inside.
constexpr size_t kTokensPerInside = 16;

bool is_utf8_byte(size_t byte) {
  return byte != 0xC0 && byte != 0xC1 && byte <= 0xF4;
}

std::optional<uint8_t> find_missing_byte(const TokenList& tokens) {
  std::array<bool, 256> is_token = {};
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view bytes = tokens.bytes(i);
    if (bytes.size() == 1) is_token[static_cast<uint8_t>(bytes[0])] = true;
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    if (is_utf8_byte(byte) && !is_token[byte]) return static_cast<uint8_t>(byte);
  }
  return std::nullopt;
}

// Of one token: in a split some two nodes, its id and a bit; in the list its text, id and
// end.
constexpr int64_t kSplitBytesPerToken = 32;
constexpr int64_t kListBytesPerToken = 16;

}  // namespace

int64_t FormatVocabulary::planned_bytes(int32_t vocab_size) {
  constexpr int64_t kSplits = kMaxSplits + 1;
  return (kSplits * kSplitBytesPerToken + kListBytesPerToken) * vocab_size;
}

FormatVocabulary::FormatVocabulary(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer),
      vocab_size_(tokenizer.vocab_size()),
      ends_(tokenizer.eos_tokens().begin(), tokenizer.eos_tokens().end()) {
  std::vector<std::pair<std::string_view, TokenId>> sorted;
  for (TokenId id = 0; id < vocab_size_; ++id) {
    const std::string_view bytes = tokenizer.token_bytes(id);
    if (bytes.empty() || bytes.size() > TokenSplit::kMaxTokenBytes) continue;
    if (!tokenizer.is_control(id)) {
      sorted.emplace_back(bytes, id);
    } else if (std::ranges::find(ends_, id) == ends_.end()) {
      tags_.push_back(id);
    }
  }
  std::ranges::sort(sorted);
  for (const auto& [bytes, id] : sorted) tokens_.add(id, bytes);
  missing_byte_ = find_missing_byte(tokens_);
  plain_ = std::make_unique<const TokenSplit>(tokens_, vocab_size_, plain_letters());
}

std::shared_ptr<const TokenSplit> FormatVocabulary::split(const CodePointSet& letters) const {
  const std::lock_guard lock(mutex_);
  std::erase_if(splits_, [](const Shared& shared) { return shared.split.expired(); });
  const auto known = std::ranges::find(splits_, letters, &Shared::letters);
  if (known != splits_.end()) {
    if (auto split = known->split.lock()) return split;
  }
  if (splits_.size() >= kMaxSplits) return nullptr;
  auto made = std::make_shared<const TokenSplit>(tokens_, vocab_size_, letters);
  if (made->num_inside() * kTokensPerInside < tokens_.size()) return nullptr;
  splits_.push_back({letters, made});
  return made;
}

}  // namespace youtu
