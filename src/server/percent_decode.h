// A segment of a path as text (RFC 3986, 2.1).
#pragma once

#include <string>
#include <string_view>

namespace youtu {

// What is no valid triplet stays as it is.
std::string percent_decode(std::string_view segment);

}  // namespace youtu
