#include "grammar/token_split.h"

#include <algorithm>
#include <utility>

#include "base/numbers.h"
#include "base/utf8.h"

namespace youtu {
namespace {

// The number of its letters if they are whole and of the set, else 0.
uint8_t count_letters(std::string_view bytes, const CodePointSet& set) {
  size_t count = 0;
  while (!bytes.empty()) {
    const DecodedChar letter = decode_utf8(bytes);
    if (!letter.valid || !set.contains(letter.code_point)) return 0;
    bytes.remove_prefix(letter.length);
    ++count;
  }
  return static_cast<uint8_t>(std::min(count, size_t{TokenSplit::kManyLetters}));
}

// A tree of tokens that are added in the order of their bytes.
class TreeBuilder {
 public:
  void add(TokenId id, std::string_view bytes, uint8_t letters) {
    const auto [a, b] = std::ranges::mismatch(previous_, bytes);
    size_t depth = static_cast<size_t>(b - bytes.begin());
    // Of two tokens of the same bytes each has a node.
    depth = std::min(depth, bytes.size() - 1);
    close_down_to(depth);
    for (; depth < bytes.size(); ++depth) {
      path_.push_back(nodes_.size());
      nodes_.push_back(
          {.depth = static_cast<uint16_t>(depth + 1), .byte = static_cast<uint8_t>(bytes[depth])});
    }
    nodes_.back().token = id;
    nodes_.back().max_letters = letters;
    previous_ = bytes;
  }

  std::vector<TokenSplit::Node> build() && {
    close_down_to(0);
    nodes_.shrink_to_fit();
    return std::move(nodes_);
  }

 private:
  void close_down_to(size_t depth) {
    for (; path_.size() > depth; path_.pop_back()) {
      TokenSplit::Node& node = nodes_[path_.back()];
      node.end = static_cast<uint32_t>(nodes_.size());
      if (path_.size() < 2) continue;
      TokenSplit::Node& parent = nodes_[path_[path_.size() - 2]];
      parent.max_letters = std::max(parent.max_letters, node.max_letters);
    }
  }

  std::vector<TokenSplit::Node> nodes_;
  std::vector<size_t> path_;  // the open nodes, from the root down
  std::string_view previous_;
};

}  // namespace

TokenSplit::TokenSplit(const TokenList& tokens, int32_t vocab_size, const CodePointSet& letters)
    : inside_mask_(div_ceil(static_cast<size_t>(vocab_size), size_t{64})),
      num_with_letters_(size_t{kManyLetters} + 1) {
  TreeBuilder inside;
  TreeBuilder outside;
  std::vector<uint8_t> counts(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    counts[i] = count_letters(tokens.bytes(i), letters);
    (counts[i] > 0 ? inside : outside).add(tokens.id(i), tokens.bytes(i), counts[i]);
    if (counts[i] > 0) ++num_with_letters_[counts[i]];
  }
  inside_ = std::move(inside).build();
  outside_ = std::move(outside).build();

  for (size_t n = 1; n < num_with_letters_.size(); ++n) {
    num_with_letters_[n] += num_with_letters_[n - 1];
  }
  inside_by_letters_.resize(num_with_letters_.back());
  std::vector<uint32_t> places = num_with_letters_;  // [n + 1]: of the next token of n + 1 letters
  places.insert(places.begin(), 0);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (counts[i] == 0) continue;
    const TokenId id = tokens.id(i);
    inside_by_letters_[places[counts[i]]++] = id;
    inside_mask_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (id % 64);
  }
}

size_t TokenSplit::bytes() const {
  return (inside_.size() + outside_.size()) * sizeof(Node) +
         inside_mask_.size() * sizeof(uint64_t) + inside_by_letters_.size() * sizeof(TokenId) +
         num_with_letters_.size() * sizeof(uint32_t);
}

void TokenSplit::assign_inside(uint32_t max_letters, std::span<uint64_t> mask) const {
  const std::span tokens(inside_by_letters_);
  // Tokens of very many letters are counted as kManyLetters, so a limit near it leaves them out.
  const size_t num_short = max_letters > kMaxTokenBytes
                               ? tokens.size()
                               : num_with_letters_[std::min<size_t>(max_letters, kManyLetters - 1)];
  // The fewer ones are written one by one.
  const bool is_most = num_short > tokens.size() / 2;
  if (is_most) {
    std::ranges::copy(inside_mask_, mask.begin());
  } else {
    std::ranges::fill(mask, 0);
  }
  for (const TokenId token : is_most ? tokens.subspan(num_short) : tokens.first(num_short)) {
    mask[static_cast<size_t>(token) / 64] ^= uint64_t{1} << (token % 64);
  }
}

}  // namespace youtu
