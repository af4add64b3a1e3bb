// A small vocabulary for tests: ids 0 to 255 are the bytes, then come merges and added tokens in
// the order given.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/byte_alphabet.h"
#include "text/vocab_spec.h"

namespace youtu {

// `merges` are pairs of texts: {"a", "b"} makes the piece "ab".
inline VocabSpec byte_vocab(const std::vector<std::pair<std::string, std::string>>& merges = {},
                            const std::vector<std::string>& added = {}) {
  VocabSpec spec;
  for (int byte = 0; byte < 256; ++byte) {
    spec.pieces.push_back(piece_of_bytes(std::string(1, static_cast<char>(byte))));
  }
  for (const auto& [left, right] : merges) {
    spec.merges.push_back({piece_of_bytes(left), piece_of_bytes(right)});
    spec.pieces.push_back(piece_of_bytes(left + right));
  }
  spec.pre_tokenizer.emplace_back(SplitStage{kGpt2Pattern});
  for (const std::string& content : added) {
    AddedToken token;
    token.id = static_cast<TokenId>(spec.pieces.size() + spec.added_tokens.size());
    token.content = content;
    token.control = true;
    spec.added_tokens.push_back(std::move(token));
  }
  return spec;
}

}  // namespace youtu
