#include "formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

#include "tests/support/gguf_builder.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kF32 = 0, kF16 = 1, kQ8_0 = 8;
constexpr uint64_t kMax64 = std::numeric_limits<uint64_t>::max();

std::string error_of(const GgufBuilder& builder) {
  const auto bytes = builder.build();
  const auto contents = parse_gguf(bytes);
  return contents ? "no error" : contents.status().message();
}

GgufBuilder good_file() {
  GgufBuilder builder;
  builder.string("general.architecture", "deepseek2").u32("x.count", 7).f32("x.eps", 0.5f);
  builder.strings("x.tokens", {"a", "", "\xff"});
  builder.numbers<int32_t>("x.types", GgufType::kI32, {1, -3});
  builder.tensor("first", {4, 2}, kF32, 32).tensor("second", {64}, kQ8_0, 68);
  return builder;
}

TEST(GgufTest, ReadsKeysAndTensors) {
  auto bytes = good_file().build();
  bytes[bytes.size() - 96] = 0x5a;  // the first byte of "second"
  const auto contents = parse_gguf(bytes);
  ASSERT_TRUE(contents) << contents.status().message();
  EXPECT_EQ(contents->version, 3u);
  EXPECT_EQ(contents->metadata.entries().size(), 5u);
  ASSERT_EQ(contents->tensors.size(), 2u);
  EXPECT_EQ(contents->tensors[0].shape, (std::vector<int64_t>{2, 4}));  // outermost first
  EXPECT_EQ(contents->tensors[1].dtype, DType::kQ8_0);
  EXPECT_EQ(contents->tensors[1].data.size(), 68u);
  EXPECT_EQ(contents->tensors[1].data[0], 0x5a);
}

TEST(GgufTest, ReadsVersion2AndOtherAlignments) {
  GgufBuilder builder;
  builder.version = 2;
  builder.alignment = 64;
  builder.u32("general.alignment", 64).tensor("a", {3}, kF16, 6).tensor("b", {1}, kF32, 4);
  const auto bytes = builder.build();
  const auto contents = parse_gguf(bytes);
  ASSERT_TRUE(contents) << contents.status().message();
  EXPECT_EQ(contents->tensors[1].data.data() - contents->tensors[0].data.data(), 64);
}

TEST(GgufMetadataTest, GettersSayWhatIsWrong) {
  const auto bytes = good_file().build();
  const auto contents = parse_gguf(bytes);
  ASSERT_TRUE(contents);
  const GgufMetadata& metadata = contents->metadata;
  EXPECT_EQ(*metadata.get_int("x.count", 1, 7), 7);
  EXPECT_EQ(metadata.get_int("x.count", 8, 9).status().message(), "x.count is 7 (8 to 9)");
  EXPECT_EQ(metadata.get_int("y", 0, 1).status().message(), "y is missing");
  EXPECT_EQ(metadata.get_int("x.eps", 0, 1).status().message(),
            "x.eps has type f32 (an integer is expected)");
  EXPECT_EQ(metadata.get_string("x.tokens").status().message(),
            "x.tokens has type array of string (a string is expected)");
  EXPECT_EQ(*metadata.get_float("x.eps"), 0.5);
  EXPECT_EQ(*metadata.get_float("x.count"), 7.0);
  EXPECT_EQ(*metadata.get_string("general.architecture"), "deepseek2");
  EXPECT_EQ(metadata.find_bool("y")->has_value(), false);
  const auto tokens = metadata.get_strings("x.tokens");
  ASSERT_TRUE(tokens);
  EXPECT_EQ(**tokens, (std::vector<std::string_view>{"a", "", "\xff"}));
  EXPECT_EQ(**metadata.find_ints("x.types"), (std::vector<int64_t>{1, -3}));
  EXPECT_FALSE(metadata.find_floats("x.types"));
}

TEST(GgufMetadataTest, HugeUnsignedNumbersAreOutOfRange) {
  GgufBuilder builder;
  builder.number("n", GgufType::kU64, kMax64).f32("nan", std::nanf("")).string("s", "\xff");
  const auto bytes = builder.build();
  const auto contents = parse_gguf(bytes);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->metadata.get_int("n", 0, 5).status().message(),
            "n is 18446744073709551615 (0 to 5)");
  EXPECT_THAT(contents->metadata.get_float("nan").status().message(), HasSubstr("not a finite"));
  EXPECT_THAT(contents->metadata.get_string("s").status().message(), HasSubstr("not UTF-8"));
}

TEST(GgufTest, RefusesWrongMagicVersionAndByteOrder) {
  const std::vector<uint8_t> other = {'G', 'G', 'M', 'L', 3, 0, 0, 0};
  EXPECT_THAT(parse_gguf(other).status().message(), HasSubstr("magic"));
  for (const uint32_t version : {0u, 1u, 4u, std::numeric_limits<uint32_t>::max()}) {
    GgufBuilder builder = good_file();
    builder.version = version;
    EXPECT_THAT(error_of(builder), HasSubstr("version")) << version;
  }
  GgufBuilder big_endian = good_file();
  big_endian.version = 0x03000000;
  EXPECT_THAT(error_of(big_endian), HasSubstr("byte order"));
}

TEST(GgufTest, RefusesCountsThatTheFileCannotHold) {
  for (const uint64_t count : {kMax64, uint64_t{1} << 32, uint64_t{1} << 63, uint64_t{400}}) {
    GgufBuilder tensors = good_file();
    tensors.claimed_tensors = count;
    EXPECT_THAT(error_of(tensors), HasSubstr("tensor count exceeds file")) << count;
    GgufBuilder pairs = good_file();
    pairs.claimed_key_values = count;
    EXPECT_THAT(error_of(pairs), HasSubstr("key-value count exceeds file")) << count;
  }
}

TEST(GgufTest, RefusesBadKeys) {
  EXPECT_THAT(error_of(GgufBuilder().u32("", 1)), HasSubstr("key of 0 bytes"));
  EXPECT_THAT(error_of(GgufBuilder().u32(std::string(65'536, 'k'), 1)), HasSubstr("key of 65536"));
  EXPECT_THAT(error_of(GgufBuilder().u32("a\xff", 1)), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of(GgufBuilder().u32("a\nb", 1)), HasSubstr("control characters"));
  EXPECT_THAT(error_of(GgufBuilder().u32("twice", 1).u32("twice", 2)),
              HasSubstr("duplicate key twice"));
  EXPECT_THAT(error_of(GgufBuilder().raw("k", 13, {0, 0, 0, 0})), HasSubstr("value type 13"));
}

TEST(GgufTest, RefusesStringsAndArraysThatTheFileCannotHold) {
  const auto array = [](uint32_t element, uint64_t count) {
    GgufBuilder::Bytes bytes;
    GgufBuilder::append(bytes, element);
    GgufBuilder::append(bytes, count);
    return GgufBuilder().raw("k", static_cast<uint32_t>(GgufType::kArray), bytes);
  };
  GgufBuilder::Bytes length;
  GgufBuilder::append(length, uint64_t{1} << 63);
  EXPECT_THAT(error_of(GgufBuilder().raw("k", 8, length)), HasSubstr("string exceeds file"));
  EXPECT_THAT(error_of(array(10, uint64_t{1} << 61)), HasSubstr("array exceeds file"));
  EXPECT_THAT(error_of(array(0, kMax64)), HasSubstr("array exceeds file"));
  EXPECT_THAT(error_of(array(8, 1'000'000'000)), HasSubstr("array exceeds file"));
  EXPECT_THAT(error_of(array(9, 1)), HasSubstr("array of arrays"));
  EXPECT_THAT(error_of(array(99, 1)), HasSubstr("value type 99"));
}

TEST(GgufTest, RefusesBadAlignments) {
  for (const uint32_t alignment : {0u, 1u, 3u, 24u, 1u << 31}) {
    GgufBuilder builder;
    builder.u32("general.alignment", alignment).tensor("t", {8}, kF32, 32);
    EXPECT_THAT(error_of(builder), HasSubstr("general.alignment is")) << alignment;
  }
  GgufBuilder wrong_type;
  wrong_type.string("general.alignment", "32");
  EXPECT_THAT(error_of(wrong_type), HasSubstr("u32 is expected"));
}

TEST(GgufTest, RefusesBadDimensions) {
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {}, kF32, 4)), HasSubstr("0 dimensions"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {1, 1, 1, 1, 1}, kF32, 4)),
              HasSubstr("5 dimensions"));
  for (const uint64_t dimension : {uint64_t{0}, kMax64, uint64_t{1} << 63}) {
    EXPECT_THAT(error_of(GgufBuilder().tensor("t", {dimension}, kF32, 4)), HasSubstr("dimensions"));
  }
  const uint64_t half = uint64_t{1} << 32;
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {half, half}, kF32, 4)), HasSubstr("overflow"));
  // llama.cpp's own regression: the sum of the two sizes wraps to something small.
  GgufBuilder pair;
  pair.tensor("a", {0x7FFFFFFFFFFFFFC0}, 24, 64).tensor("b", {0x7FFFFFFFFFFFFFC0}, 24, 64);
  EXPECT_THAT(error_of(pair), HasSubstr("exceed"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {uint64_t{1} << 62}, kF32, 4)),
              HasSubstr("overflow 2^63 bytes"));
}

TEST(GgufTest, RefusesTensorTypesByName) {
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {256}, 16, 66)),
              HasSubstr("tensor t: tensor type IQ2_XXS is not supported (supported: F32, F16"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {32}, 4, 18)), HasSubstr("4 (removed)"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {32}, 999, 18)), HasSubstr("999 (unknown)"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("t", {33, 32}, kQ8_0, 1122)),
              HasSubstr("rows of 33 values do not fit the tensor type Q8_0"));
}

TEST(GgufTest, RefusesBadOffsets) {
  const auto with_offset = [](uint64_t offset) {
    return GgufBuilder().tensor("a", {8}, kF32, 32).tensor("b", {8}, kF32, 32, offset);
  };
  EXPECT_THAT(error_of(with_offset(33)), HasSubstr("not a multiple of the alignment"));
  EXPECT_THAT(error_of(with_offset(64)), HasSubstr("exceed"));
  EXPECT_THAT(error_of(with_offset(kMax64 - 31)), HasSubstr("exceed"));
  EXPECT_THAT(error_of(with_offset(0)), HasSubstr("overlaps"));
  EXPECT_EQ(error_of(with_offset(32)), "no error");
}

TEST(GgufTest, RefusesBadNames) {
  EXPECT_THAT(error_of(GgufBuilder().tensor("", {8}, kF32, 32)), HasSubstr("name of 0 bytes"));
  EXPECT_THAT(error_of(GgufBuilder().tensor(std::string(64, 'n'), {8}, kF32, 32)),
              HasSubstr("name of 64 bytes"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("a\x1b[2J", {8}, kF32, 32)),
              HasSubstr("name a?[2J holds control"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("a", {8}, kF32, 32).tensor("a", {8}, kF32, 32)),
              HasSubstr("duplicate tensor name a"));
}

TEST(GgufTest, EveryPrefixFailsCleanly) {
  const auto bytes = good_file().build();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of exactly this size, so that a sanitizer sees any read past the end.
    const std::vector<uint8_t> prefix(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    const auto contents = parse_gguf(prefix);
    // Only the padding behind the last tensor may be missing.
    ASSERT_EQ(contents.is_ok(), size >= bytes.size() - 28) << size;
  }
}

TEST(GgufTest, RandomChangesNeverMakeViewsOutsideOfTheFile) {
  constexpr uint32_t kSeed = 7;
  std::mt19937 rng(kSeed);
  const auto good = good_file().build();
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (int changes = 0; changes < 3; ++changes)
      bytes[rng() % bytes.size()] = static_cast<uint8_t>(rng());
    const auto contents = parse_gguf(bytes);
    if (!contents) continue;
    for (const TensorView& tensor : contents->tensors) {
      ASSERT_GE(tensor.data.data(), bytes.data()) << "seed " << kSeed;
      ASSERT_LE(tensor.data.data() + tensor.data.size(), bytes.data() + bytes.size())
          << "seed " << kSeed;
      ASSERT_EQ(dtype_bytes(tensor.dtype, tensor.num_values()),
                static_cast<int64_t>(tensor.data.size()));
    }
  }
}

class SplitGgufTest : public ::testing::Test {
 protected:
  // Part `part` of `count`, with one tensor named `name`.
  static GgufBuilder part(uint16_t number, uint16_t count, std::string_view name) {
    GgufBuilder builder;
    builder.number("split.no", GgufType::kU16, number).number("split.count", GgufType::kU16, count);
    builder.number("split.tensors.count", GgufType::kI32, int32_t{2});
    builder.tensor(name, {8}, kF32, 32);
    return builder;
  }
  std::string error_of_open(const std::string& name) const {
    const auto model = open_gguf(folder_ / name);
    return model ? "no error" : model.status().message();
  }
  TemporaryFolder folder_;
};

TEST_F(SplitGgufTest, PutsThePartsTogether) {
  const auto path = folder_.write("m-00001-of-00002.gguf", part(0, 2, "a").build());
  folder_.write("m-00002-of-00002.gguf", part(1, 2, "b").build());
  const auto model = open_gguf(path);
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_EQ(model->tensors->tensors().size(), 2u);
  EXPECT_NE(model->tensors->find("b"), nullptr);
  EXPECT_EQ(model->tensors->find("c"), nullptr);
}

TEST_F(SplitGgufTest, RefusesMissingSwappedAndMisnamedParts) {
  folder_.write("m-00001-of-00002.gguf", part(0, 2, "a").build());
  EXPECT_THAT(error_of_open("m-00001-of-00002.gguf"),
              HasSubstr("part 2 of the split model is missing"));
  folder_.write("m-00002-of-00002.gguf", part(0, 2, "b").build());
  EXPECT_THAT(error_of_open("m-00001-of-00002.gguf"), HasSubstr("part 2 of 2 is expected"));
  folder_.write("m-00002-of-00002.gguf", part(1, 2, "a").build());
  EXPECT_THAT(error_of_open("m-00001-of-00002.gguf"), HasSubstr("duplicate tensor name a"));
  EXPECT_THAT(error_of_open("m-00002-of-00002.gguf"), HasSubstr("open the first part"));
  folder_.write("other.gguf", part(0, 2, "a").build());
  EXPECT_THAT(error_of_open("other.gguf"), HasSubstr("-00001-of-00002.gguf"));
}

TEST_F(SplitGgufTest, RefusesAbsurdCounts) {
  GgufBuilder builder;
  builder.u32("split.count", 1u << 16).u32("split.no", 0);
  folder_.write("m-00001-of-65536.gguf", builder.build());
  EXPECT_THAT(error_of_open("m-00001-of-65536.gguf"),
              HasSubstr("split.count is 65536 (0 to 1024)"));
  folder_.write("n-00001-of-00002.gguf", part(0, 2, "a").tensor("c", {8}, kF32, 32).build());
  folder_.write("n-00002-of-00002.gguf", part(1, 2, "b").build());
  EXPECT_THAT(error_of_open("n-00001-of-00002.gguf"), HasSubstr("hold 3 tensors"));
}

}  // namespace
}  // namespace youtu
