#include "hub/digest.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

#include "base/check.h"

namespace youtu::hub {

namespace {

template <typename Deleter>
EVP_MD_CTX* context_of(const std::unique_ptr<void, Deleter>& pointer) {
  return static_cast<EVP_MD_CTX*>(pointer.get());
}

}  // namespace

Result<Digest> parse_digest(DigestKind kind, std::string_view hex) {
  const size_t digits = kind == DigestKind::kSha256 ? 64 : 40;
  if (hex.size() != digits || hex.find_first_not_of("0123456789abcdef") != hex.npos) {
    return Status::invalid_argument("a checksum that is not " + std::to_string(digits) +
                                    " hexadecimal digits");
  }
  return Digest{kind, std::string(hex)};
}

void DigestStream::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

DigestStream::DigestStream(DigestKind kind, int64_t file_bytes)
    : kind_(kind), context_(EVP_MD_CTX_new()) {
  CHECK(context_);
  const EVP_MD* algorithm = kind == DigestKind::kSha256 ? EVP_sha256() : EVP_sha1();
  CHECK(EVP_DigestInit_ex(context_of(context_), algorithm, nullptr) == 1);
  if (kind == DigestKind::kGitBlob) {
    const std::string head = "blob " + std::to_string(file_bytes);
    CHECK(EVP_DigestUpdate(context_of(context_), head.c_str(), head.size() + 1) == 1);
  }
}

void DigestStream::add(std::span<const uint8_t> bytes) {
  CHECK(EVP_DigestUpdate(context_of(context_), bytes.data(), bytes.size()) == 1);
}

Digest DigestStream::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(context_of(context_), raw.data(), &size) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest{kind_, {}};
  for (unsigned int i = 0; i < size; ++i) {
    digest.hex += kDigits[raw[i] >> 4];
    digest.hex += kDigits[raw[i] & 15];
  }
  return digest;
}

std::optional<Digest> digest_of_file(const std::string& path, DigestKind kind, int64_t size) {
  std::ifstream in(path, std::ios::binary);
  std::vector<char> buffer(size_t{1} << 20);
  DigestStream stream(kind, size);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    stream.add({reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<size_t>(in.gcount())});
  }
  return in.eof() ? std::optional(stream.finish()) : std::nullopt;
}

}  // namespace youtu::hub
