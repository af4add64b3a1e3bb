#include "hub/digest.h"

#include <gtest/gtest.h>

#include <string_view>

namespace youtu::hub {
namespace {

Digest digest_of(DigestKind kind, std::string_view text, size_t step) {
  DigestStream stream(kind, static_cast<int64_t>(text.size()));
  for (size_t i = 0; i < text.size(); i += step) {
    const std::string_view piece = text.substr(i, step);
    stream.add({reinterpret_cast<const uint8_t*>(piece.data()), piece.size()});
  }
  return stream.finish();
}

// The first from FIPS 180-2, appendix B.1; the second is what `git hash-object` says of "hello\n".
TEST(Digest, IsWhatOthersSay) {
  for (const size_t step : {size_t{1}, size_t{100}}) {
    EXPECT_EQ(digest_of(DigestKind::kSha256, "abc", step).hex,
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of(DigestKind::kGitBlob, "hello\n", step).hex,
              "ce013625030ba8dba906f756967f9e9ca394464a");
  }
  EXPECT_EQ(digest_of(DigestKind::kGitBlob, "", 1).hex, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(Digest, FromOutsideIsDigitsOnly) {
  EXPECT_TRUE(parse_digest(DigestKind::kSha256, std::string(64, 'a')));
  EXPECT_TRUE(parse_digest(DigestKind::kGitBlob, std::string(40, '0')));
  for (const std::string& bad :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
        "../" + std::string(61, 'a'), std::string(), std::string(40, 'a')}) {
    EXPECT_FALSE(parse_digest(DigestKind::kSha256, bad)) << bad;
  }
}

}  // namespace
}  // namespace youtu::hub
