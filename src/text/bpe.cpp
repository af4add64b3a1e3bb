#include "text/bpe.h"

#include "base/check.h"
#include "text/byte_alphabet.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace youtu {

namespace {

using PieceIndex = std::unordered_map<std::string_view, TokenId>;

uint64_t pair_key(TokenId left, TokenId right) {
  return (uint64_t{static_cast<uint32_t>(left)} << 32) | static_cast<uint32_t>(right);
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kMaxShown = 40;
  return "\"" + std::string(text.substr(0, kMaxShown)) + (text.size() > kMaxShown ? "...\"" : "\"");
}

std::string hex_byte(size_t byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {'0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

// Bytes that no UTF-8 text holds need no piece.
bool occurs_in_utf8(size_t byte) {
  return byte < 0xC0 || (byte > 0xC1 && byte < 0xF5);
}

// A stretch of the word, in a list of its neighbours. A symbol that was merged into its left
// neighbour is dead.
struct Symbol {
  TokenId token = -1;
  uint32_t previous = 0;
  uint32_t next = 0;
};
constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr TokenId kDead = -1;

// A pair of neighbours as they were when it was pushed; stale if one of them has changed since.
struct Candidate {
  uint32_t rank = 0;
  uint32_t position = 0;
  TokenId left = 0;
  TokenId right = 0;
  TokenId merged = 0;
  // For a heap with the lowest rank on top, of equal rank the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

}  // namespace

Result<BytePairEncoder> BytePairEncoder::create(std::span<const std::string> pieces,
                                                std::span<const Merge> merges, bool ignore_merges,
                                                const std::vector<bool>& forbidden) {
  BytePairEncoder encoder;
  encoder.ignore_merges_ = ignore_merges;
  RETURN_IF_ERROR(encoder.fill_bytes(pieces, forbidden));
  RETURN_IF_ERROR(encoder.fill_merges(pieces, merges, forbidden));
  encoder.tokens_by_bytes_.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (forbidden[id] || pieces[id].empty()) continue;
    if (auto bytes = bytes_of_piece(pieces[id])) {
      encoder.tokens_by_bytes_.emplace(std::move(*bytes), static_cast<TokenId>(id));
    }
  }
  return encoder;
}

Status BytePairEncoder::fill_bytes(std::span<const std::string> pieces,
                                   const std::vector<bool>& forbidden) {
  byte_tokens_.fill(kDead);
  for (size_t id = 0; id < pieces.size(); ++id) {
    const auto bytes = pieces[id].size() <= 2 ? bytes_of_piece(pieces[id]) : std::nullopt;
    if (!bytes || bytes->size() != 1) continue;
    const size_t byte = static_cast<unsigned char>((*bytes)[0]);
    if (forbidden[id] && occurs_in_utf8(byte)) {
      return Status::invalid_argument("vocab: the added token " + in_quotes(pieces[id]) +
                                      " is also the piece of byte " + hex_byte(byte) +
                                      " (ordinary text would become an added token)");
    }
    if (!forbidden[id]) byte_tokens_[byte] = static_cast<TokenId>(id);
  }
  for (size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    if (byte_tokens_[byte] == kDead && occurs_in_utf8(byte)) {
      return Status::invalid_argument("vocab: no piece for the byte " + hex_byte(byte) +
                                      " (a byte-level vocabulary has one for every byte)");
    }
  }
  return {};
}

Status BytePairEncoder::fill_merges(std::span<const std::string> pieces,
                                    std::span<const Merge> merges,
                                    const std::vector<bool>& forbidden) {
  PieceIndex index;
  index.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].empty()) continue;
    const auto [it, is_new] = index.emplace(pieces[id], static_cast<TokenId>(id));
    if (!is_new) {
      return Status::invalid_argument("vocab: the ids " + std::to_string(it->second) + " and " +
                                      std::to_string(id) + " have the same piece " +
                                      in_quotes(pieces[id]));
    }
  }
  merges_.assign(std::bit_ceil(merges.size() * 2 + 2), MergeSlot{kEmptySlot, {}});
  std::string joined;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto left = index.find(merges[rank].left);
    const auto right = index.find(merges[rank].right);
    joined.assign(merges[rank].left).append(merges[rank].right);
    const auto whole = index.find(joined);
    if (left == index.end() || right == index.end() || whole == index.end()) {
      const std::string& unknown = left == index.end()    ? merges[rank].left
                                   : right == index.end() ? merges[rank].right
                                                          : joined;
      return Status::invalid_argument("merges: " + in_quotes(unknown) + " of merge " +
                                      std::to_string(rank) + " is not in the vocabulary");
    }
    if (forbidden[static_cast<size_t>(whole->second)]) continue;
    // As in Hugging Face's library, the last of several equal pairs counts.
    const uint64_t pair = pair_key(left->second, right->second);
    merges_[slot_of(pair)] = {pair, {static_cast<uint32_t>(rank), whole->second}};
  }
  return {};
}

// Where `pair` is, or the empty slot where it would be.
size_t BytePairEncoder::slot_of(uint64_t pair) const {
  const size_t mask = merges_.size() - 1;
  uint64_t hash = pair * 0x9E3779B97F4A7C15u;
  hash ^= hash >> 32;
  size_t slot = static_cast<size_t>(hash) & mask;
  while (merges_[slot].pair != pair && merges_[slot].pair != kEmptySlot) slot = (slot + 1) & mask;
  return slot;
}

const BytePairEncoder::MergeResult* BytePairEncoder::find_merge(TokenId left, TokenId right) const {
  const MergeSlot& slot = merges_[slot_of(pair_key(left, right))];
  return slot.pair == kEmptySlot ? nullptr : &slot.result;
}

void BytePairEncoder::encode(std::string_view word, std::vector<TokenId>& out) const {
  if (const auto token = ignore_merges_ ? find(word) : std::nullopt) {
    out.push_back(*token);
  } else {
    merge_symbols(word, out);
  }
}

std::optional<TokenId> BytePairEncoder::find(std::string_view bytes) const {
  const auto it = tokens_by_bytes_.find(bytes);
  if (it == tokens_by_bytes_.end()) return std::nullopt;
  return it->second;
}

void BytePairEncoder::merge_symbols(std::string_view word, std::vector<TokenId>& out) const {
  CHECK(word.size() < kNone);
  const auto size = static_cast<uint32_t>(word.size());
  std::vector<Symbol> symbols(size);
  for (uint32_t i = 0; i < size; ++i) {
    symbols[i] = {byte_tokens_[static_cast<unsigned char>(word[i])], i == 0 ? kNone : i - 1,
                  i + 1 == size ? kNone : i + 1};
  }
  std::vector<Candidate> heap;
  const auto push = [&](uint32_t position) {
    const uint32_t next = symbols[position].next;
    if (next == kNone) return;
    const TokenId left = symbols[position].token;
    const TokenId right = symbols[next].token;
    if (const MergeResult* merge = find_merge(left, right)) {
      heap.push_back({merge->rank, position, left, right, merge->token});
      std::push_heap(heap.begin(), heap.end());
    }
  };
  for (uint32_t i = 0; i < size; ++i) push(i);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = symbols[best.position];
    if (left.token != best.left || left.next == kNone || symbols[left.next].token != best.right) {
      continue;
    }
    Symbol& right = symbols[left.next];
    left.token = best.merged;
    left.next = right.next;
    right.token = kDead;
    if (left.next != kNone) symbols[left.next].previous = best.position;
    if (left.previous != kNone) push(left.previous);
    push(best.position);
  }
  for (uint32_t i = 0; i != kNone && i < size; i = symbols[i].next) out.push_back(symbols[i].token);
}

}  // namespace youtu
