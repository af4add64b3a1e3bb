// How much of the machine's memory this process holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace youtu {

// Pages of the process that are in memory, from the text of /proc/self/statm; nothing where it is
// not of that form.
std::optional<int64_t> parse_resident_pages(std::string_view statm);

// In bytes, files that are mapped into it included; nothing where the system does not say.
std::optional<int64_t> resident_bytes();

}  // namespace youtu
