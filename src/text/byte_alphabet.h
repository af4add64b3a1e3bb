// The byte alphabet of GPT-2: every byte has a printable character of its own, so that vocabulary
// files can hold pieces that are not UTF-8. Bytes 21-7E, A1-AC and AE-FF (hexadecimal) stand for
// themselves; the other 68, in increasing order, are U+0100, U+0101 and so on (a space is U+0120).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace youtu {

// The character of each byte.
const std::array<char32_t, 256>& byte_alphabet();

// The byte of a character, if it is in the alphabet.
std::optional<uint8_t> alphabet_byte(char32_t character);

// The bytes that a piece stands for; nothing if one of its characters is not in the alphabet, or it
// is not UTF-8.
std::optional<std::string> bytes_of_piece(std::string_view piece);

// The piece of these bytes.
std::string piece_of_bytes(std::string_view bytes);

}  // namespace youtu
