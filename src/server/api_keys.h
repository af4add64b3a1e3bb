// The keys that open the server. What is kept is their digests: a key that is not in the memory
// cannot leak from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMinApiKeyBytes = 32;
inline constexpr size_t kMaxApiKeyBytes = 512;
inline constexpr size_t kMaxApiKeys = 1024;

// SHA-256.
using Digest = std::array<uint8_t, 32>;
Digest sha256(std::string_view bytes);
std::string hexadecimal(const Digest& digest);

class ApiKeys {
 public:
  // Of a file with one key a line, "name key" or the key alone ("key1", "key2", … by their lines);
  // empty lines and lines that begin with '#' mean nothing. Fails on a file that other users of the
  // machine may read, and on keys that are too short to be safe.
  static Result<ApiKeys> read_file(const std::string& path);

  // Fails on a key that is too short or too long, and on a name that is taken.
  Status add(std::string name, std::string_view key);

  bool is_empty() const { return entries_.empty(); }
  std::vector<std::string> names() const;
  // Whose key it is. All keys are compared, each in constant time, so that the time says nothing of
  // them.
  std::optional<std::string> owner_of(std::string_view key) const;

 private:
  struct Entry {
    std::string name;
    Digest digest;
  };
  std::vector<Entry> entries_;
};

}  // namespace youtu
