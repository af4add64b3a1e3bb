// Hashes of bytes, by which damaged files and changed content are noticed: XXH3. They withstand
// chance, not somebody who means it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace youtu {

uint64_t content_hash(std::span<const uint8_t> bytes);

// Of bytes that come in pieces. Move-only.
class ContentHash {
 public:
  ContentHash();

  void add(std::span<const uint8_t> bytes);
  void add_number(int64_t number);
  // With its length, so that two texts are not the same as one.
  void add_text(std::string_view text);

  uint64_t value() const;               // content_hash() of all pieces
  std::string hexadecimal_128() const;  // a wider one, in 32 digits

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

}  // namespace youtu
