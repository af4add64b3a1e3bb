#include "base/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace youtu {

namespace {

constexpr size_t kMaxDistance = 4;
// Longer words are no mistyped names, and the work grows with their length.
constexpr size_t kMaxWordBytes = 128;

// How many letters must change to make one word of the other.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) {
  if (word.size() > kMaxWordBytes) return {};
  std::string_view nearest;
  size_t distance = kMaxDistance + 1;
  for (const std::string_view name : names) {
    const size_t d = edit_distance(word, name);
    if (d < distance && d < name.size()) {
      distance = d;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace youtu
