// The hashes by which hubs name the content of files: SHA-256 of large ones, Git's own of the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu::hub {

enum class DigestKind { kSha256, kGitBlob };  // kGitBlob: SHA-1 over "blob <size>\0" and the bytes

struct Digest {
  DigestKind kind = DigestKind::kSha256;
  std::string hex;  // 64 or 40 digits, lower case

  bool operator==(const Digest&) const = default;
};

// A digest from outside: its digits, and nothing else.
Result<Digest> parse_digest(DigestKind kind, std::string_view hex);

// Takes the bytes of one file, in order. Move-only.
class DigestStream {
 public:
  DigestStream(DigestKind kind, int64_t file_bytes);

  void add(std::span<const uint8_t> bytes);
  Digest finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  DigestKind kind_;
  std::unique_ptr<void, Free> context_;
};

// Of a file that is there, or nothing if it cannot be read. REQUIRES: `size` is the file's.
std::optional<Digest> digest_of_file(const std::string& path, DigestKind kind, int64_t size);

}  // namespace youtu::hub
