#include "text/added_tokens.h"

#include "base/check.h"
#include "base/utf8.h"
#include "text/character_class.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace youtu {

namespace {

bool begins_with_word(std::string_view text) {
  return !text.empty() && is_word_character(decode_utf8(text).code_point);
}

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u) --begin;
  return is_word_character(decode_utf8(text.substr(begin)).code_point);
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (const AddedToken& token : tokens_) {
    CHECK(!token.content.empty());
    CHECK(by_content_.emplace(token.content, &token).second);
    lengths_[static_cast<unsigned char>(token.content[0])].push_back(token.content.size());
  }
  for (auto& lengths : lengths_) {
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  }
}

AddedTokenMatcher::Match AddedTokenMatcher::find(std::string_view text, TextRange range) const {
  for (size_t begin = range.begin; begin < range.end; ++begin) {
    for (const size_t length : lengths_[static_cast<unsigned char>(text[begin])]) {
      if (length > range.end - begin) continue;
      const auto it = by_content_.find(text.substr(begin, length));
      if (it != by_content_.end()) return {it->second, {begin, begin + length}};
    }
  }
  return {};
}

std::vector<AddedTokenMatcher::Section> AddedTokenMatcher::cut(
    std::string_view text, std::span<const TextRange> trusted) const {
  std::vector<Section> sections;
  size_t done = 0;  // what is before belongs to a section, or was swallowed
  for (const TextRange& run : trusted) {
    size_t from = run.begin;
    while (true) {
      const Match match = find(text, {from, run.end});
      if (!match.token) break;
      from = match.range.end;
      const std::string_view before = text.substr(0, match.range.begin);
      const std::string_view after = text.substr(match.range.end);
      if (match.token->single_word && (ends_with_word(before) || begins_with_word(after))) continue;
      TextRange range = match.range;
      if (match.token->lstrip) {
        range.begin = std::max(done, range.begin - trailing_white_space(before));
      }
      if (match.token->rstrip) range.end += leading_white_space(after);
      if (done < range.begin) sections.push_back({kNoToken, {done, range.begin}});
      sections.push_back({match.token->id, range});
      done = std::max(done, range.end);
    }
  }
  if (done < text.size()) sections.push_back({kNoToken, {done, text.size()}});
  return sections;
}

}  // namespace youtu
