// How much memory may still be taken. Linux grants more than it has and ends the process that then
// uses it, so a caller that could do with less asks here first.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace youtu {

// Bytes that may still be taken without swapping: what the machine has available, or what the
// control group of this process still allows, if that is less. Nothing where neither is told.
std::optional<int64_t> available_memory();

// The value of `key` in bytes, from lines such as "MemAvailable:  21929620 kB" or "file 1024".
std::optional<int64_t> parse_memory_field(std::string_view text, std::string_view key);

}  // namespace youtu
