// "Did you mean …?": the name that somebody may have wanted to write.
#pragma once

#include <span>
#include <string_view>

namespace youtu {

// Of the names those nearest to `word` in letters that must change, the first; empty if all are too
// far from it to be meant.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names);

}  // namespace youtu
