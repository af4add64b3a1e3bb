#include "text/byte_alphabet.h"

#include "base/utf8.h"

namespace youtu {

namespace {

constexpr char32_t kFirstStandIn = 0x100;
constexpr char32_t kAlphabetEnd = kFirstStandIn + 68;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<char32_t, 256> make_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t stand_in = kFirstStandIn;
  for (unsigned byte = 0; byte < 256; ++byte) {
    alphabet[byte] = stands_for_itself(byte) ? char32_t{byte} : stand_in++;
  }
  return alphabet;
}
constexpr std::array<char32_t, 256> kAlphabet = make_alphabet();

// Character -> byte, or -1.
constexpr std::array<int16_t, kAlphabetEnd> make_inverse() {
  std::array<int16_t, kAlphabetEnd> inverse{};
  for (auto& byte : inverse) byte = -1;
  for (unsigned byte = 0; byte < 256; ++byte) {
    inverse[kAlphabet[byte]] = static_cast<int16_t>(byte);
  }
  return inverse;
}
constexpr std::array<int16_t, kAlphabetEnd> kInverse = make_inverse();

}  // namespace

const std::array<char32_t, 256>& byte_alphabet() {
  return kAlphabet;
}

std::optional<uint8_t> alphabet_byte(char32_t character) {
  if (character >= kAlphabetEnd || kInverse[character] < 0) return std::nullopt;
  return static_cast<uint8_t>(kInverse[character]);
}

std::optional<std::string> bytes_of_piece(std::string_view piece) {
  std::string bytes;
  bytes.reserve(piece.size());
  while (!piece.empty()) {
    const DecodedChar c = decode_utf8(piece);
    const auto byte = c.valid ? alphabet_byte(c.code_point) : std::nullopt;
    if (!byte) return std::nullopt;
    bytes.push_back(static_cast<char>(*byte));
    piece.remove_prefix(c.length);
  }
  return bytes;
}

std::string piece_of_bytes(std::string_view bytes) {
  std::string piece;
  piece.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_utf8(piece, kAlphabet[static_cast<uint8_t>(byte)]);
  return piece;
}

}  // namespace youtu
