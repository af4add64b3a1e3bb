#include "grammar/token_trie.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/numbers.h"
#include "base/utf8.h"
#include "grammar/automaton.h"

namespace youtu {
namespace {

struct Token {
  std::string_view bytes;
  TokenId id = 0;
  uint8_t letters = 0;  // of a plain token
};

// The number of its letters if they are whole and plain, else 0.
uint8_t count_plain_letters(std::string_view bytes) {
  size_t count = 0;
  while (!bytes.empty()) {
    const DecodedChar letter = decode_utf8(bytes);
    if (!letter.valid || !plain_letters().contains(letter.code_point)) return 0;
    bytes.remove_prefix(letter.length);
    ++count;
  }
  return static_cast<uint8_t>(std::min(count, size_t{TokenTrie::kManyLetters}));
}

// REQUIRES: `tokens` are sorted by their bytes.
std::vector<TokenTrie::Node> lay_out(const std::vector<Token>& tokens) {
  std::vector<TokenTrie::Node> nodes;
  std::vector<size_t> path;  // the open nodes, from the root down
  const auto close_down_to = [&](size_t depth) {
    for (; path.size() > depth; path.pop_back()) {
      TokenTrie::Node& node = nodes[path.back()];
      node.end = static_cast<uint32_t>(nodes.size());
      if (path.size() < 2) continue;
      TokenTrie::Node& parent = nodes[path[path.size() - 2]];
      parent.max_letters = std::max(parent.max_letters, node.max_letters);
    }
  };
  std::string_view previous;
  for (const Token& token : tokens) {
    const auto [a, b] = std::ranges::mismatch(previous, token.bytes);
    size_t depth = static_cast<size_t>(b - token.bytes.begin());
    // Of two tokens of the same bytes each has a node.
    depth = std::min(depth, token.bytes.size() - 1);
    close_down_to(depth);
    for (; depth < token.bytes.size(); ++depth) {
      path.push_back(nodes.size());
      nodes.push_back({.depth = static_cast<uint16_t>(depth + 1),
                       .byte = static_cast<uint8_t>(token.bytes[depth])});
    }
    nodes.back().token = token.id;
    nodes.back().max_letters = token.letters;
    previous = token.bytes;
  }
  close_down_to(0);
  return nodes;
}

bool is_utf8_byte(size_t byte) {
  return byte != 0xC0 && byte != 0xC1 && byte <= 0xF4;
}

std::optional<uint8_t> find_missing_byte(const std::vector<Token>& plain,
                                         const std::vector<Token>& others) {
  std::array<bool, 256> is_token = {};
  for (const auto* tokens : {&plain, &others}) {
    for (const Token& token : *tokens) {
      if (token.bytes.size() == 1) is_token[static_cast<uint8_t>(token.bytes[0])] = true;
    }
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    if (is_utf8_byte(byte) && !is_token[byte]) return static_cast<uint8_t>(byte);
  }
  return std::nullopt;
}

}  // namespace

TokenTrie::TokenTrie(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer),
      vocab_size_(tokenizer.vocab_size()),
      plain_mask_(div_ceil(static_cast<size_t>(vocab_size_), size_t{64})),
      ends_(tokenizer.eos_tokens().begin(), tokenizer.eos_tokens().end()) {
  std::vector<Token> plain;
  std::vector<Token> others;
  for (TokenId id = 0; id < vocab_size_; ++id) {
    const std::string_view bytes = tokenizer.token_bytes(id);
    if (bytes.empty() || bytes.size() > kMaxTokenBytes) continue;
    if (tokenizer.is_control(id)) {
      if (std::ranges::find(ends_, id) == ends_.end()) tags_.push_back(id);
      continue;
    }
    const uint8_t letters = count_plain_letters(bytes);
    (letters > 0 ? plain : others).push_back({bytes, id, letters});
  }
  missing_byte_ = find_missing_byte(plain, others);
  std::ranges::sort(plain, {}, &Token::bytes);
  std::ranges::sort(others, {}, &Token::bytes);
  plain_ = lay_out(plain);
  others_ = lay_out(others);

  std::ranges::stable_sort(plain, {}, &Token::letters);
  num_with_letters_.assign(size_t{kManyLetters} + 1, 0);
  for (const Token& token : plain) {
    plain_by_letters_.push_back(token.id);
    plain_mask_[static_cast<size_t>(token.id) / 64] |= uint64_t{1} << (token.id % 64);
    ++num_with_letters_[token.letters];
  }
  for (size_t n = 1; n < num_with_letters_.size(); ++n) {
    num_with_letters_[n] += num_with_letters_[n - 1];
  }
}

void TokenTrie::set_plain(uint32_t max_letters, std::span<uint64_t> mask) const {
  // Tokens of very many letters are counted as kManyLetters, so a limit near it leaves them out.
  if (max_letters > kMaxTokenBytes) {
    for (size_t i = 0; i < mask.size(); ++i) mask[i] |= plain_mask_[i];
    return;
  }
  const size_t most = std::min<size_t>(max_letters, kManyLetters - 1);
  for (size_t i = 0; i < num_with_letters_[most]; ++i) {
    const TokenId token = plain_by_letters_[i];
    mask[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
  }
}

}  // namespace youtu
