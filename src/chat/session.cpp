#include "chat/session.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

namespace youtu {

namespace {

constexpr size_t kMaxIdBytes = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_session_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && is_letter_or_digit(id.front()) &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

// 128 bits of the system's randomness: nobody meets another's session by guessing.
std::string make_session_id() {
  std::random_device device;
  std::array<char, 40> id{};
  std::snprintf(id.data(), id.size(), "s-%08x%08x%08x%08x", device(), device(), device(), device());
  return id.data();
}

}  // namespace youtu
