#include "formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <random>

#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> file_of(std::string_view header, size_t data_bytes) {
  std::vector<uint8_t> bytes(8 + header.size() + data_bytes);
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, sizeof(length));
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string error_of(std::string_view header, size_t data_bytes) {
  const auto bytes = file_of(header, data_bytes);
  const auto tensors = parse_safetensors(bytes);
  return tensors ? "no error" : tensors.status().message();
}

// One tensor named "t".
std::string one(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return R"({"t":{"dtype":")" + std::string(dtype) + R"(","shape":)" + std::string(shape) +
         R"(,"data_offsets":)" + std::string(offsets) + "}}";
}

constexpr std::string_view kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
    R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"z":{"dtype":"F16","shape":[0,5],"data_offsets":[4,4]}}  )";

TEST(SafetensorsTest, ReadsTensorsInTheOrderOfTheirBytes) {
  auto bytes = file_of(kTwo, 16);
  bytes[bytes.size() - 12] = 0x77;
  const auto tensors = parse_safetensors(bytes);
  ASSERT_TRUE(tensors) << tensors.status().message();
  ASSERT_EQ(tensors->size(), 3u);
  EXPECT_EQ((*tensors)[0].name, "a");
  EXPECT_TRUE((*tensors)[0].shape.empty());
  EXPECT_EQ((*tensors)[1].name, "z");
  EXPECT_TRUE((*tensors)[1].data.empty());
  EXPECT_EQ((*tensors)[2].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ((*tensors)[2].data[0], 0x77);
  EXPECT_EQ((*tensors)[2].dtype, DType::kBF16);
}

TEST(SafetensorsTest, ListsEveryDtypeOfTheFormat) {
  const std::pair<const char*, int> kDtypes[] = {
      {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
      {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
      {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
      {"I32", 32},        {"U32", 32},    {"C64", 64},    {"F32", 32},    {"F64", 64},
      {"I64", 64},        {"U64", 64}};
  for (const auto& [name, bits] : kDtypes) {
    const std::string offsets = "[0," + std::to_string(bits) + "]";  // 8 values of `bits` bits
    EXPECT_EQ(error_of(one(name, "[8]", offsets), static_cast<size_t>(bits)), "no error") << name;
  }
}

TEST(SafetensorsTest, RefusesBadHeaderLengths) {
  const auto error_with = [](uint64_t length) {
    auto bytes = file_of(kTwo, 16);
    std::memcpy(bytes.data(), &length, sizeof(length));
    return parse_safetensors(bytes).status().message();
  };
  const uint64_t file_size = 8 + kTwo.size() + 16;
  for (const uint64_t length :
       {uint64_t{0}, uint64_t{1}, file_size, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_THAT(error_with(length), HasSubstr("header length")) << length;
  }
  EXPECT_THAT(parse_safetensors(std::vector<uint8_t>(7)).status().message(),
              HasSubstr("header length"));
}

TEST(SafetensorsTest, RefusesBadHeaders) {
  for (const char* header : {"[]", " {}", "{]", "{\"a\":1}", "{} x", "{\"\xff\":1}", "{}{}"}) {
    EXPECT_THAT(error_of(header, 0), HasSubstr("invalid header")) << header;
  }
  EXPECT_THAT(error_of(R"({"a":{"a":{"a":{"a":1}}}})", 0), HasSubstr("invalid header"));
  EXPECT_EQ(error_of("{}", 0), "no error");
}

TEST(SafetensorsTest, RefusesDuplicates) {
  const std::string entry = R"("t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_THAT(error_of("{" + entry + "," + entry + "}", 1), HasSubstr("duplicate"));
}

TEST(SafetensorsTest, RefusesBadShapes) {
  EXPECT_THAT(error_of(one("F32", "[4294967296,4294967296]", "[0,4]"), 4), HasSubstr("overflow"));
  EXPECT_THAT(error_of(one("F32", "[4611686018427387904]", "[0,4]"), 4), HasSubstr("overflow"));
  EXPECT_THAT(error_of(one("F32", "[2]", "[0,4]"), 4), HasSubstr("size mismatch"));
  EXPECT_THAT(error_of(one("F32", "[-1]", "[0,4]"), 4), HasSubstr("size mismatch"));
  EXPECT_THAT(error_of(one("F32", "[18446744073709551616]", "[0,4]"), 4),
              HasSubstr("size mismatch"));
  EXPECT_THAT(error_of(one("F32", "[1.0]", "[0,4]"), 4), HasSubstr("size mismatch"));
  std::string many = "[1";
  for (int i = 1; i < 1000; ++i) many += ",1";
  EXPECT_THAT(error_of(one("F32", many + "]", "[0,4]"), 4), HasSubstr("1000 dimensions"));
}

TEST(SafetensorsTest, RefusesUnknownDtypes) {
  EXPECT_THAT(error_of(one("F128", "[1]", "[0,16]"), 16), HasSubstr("dtype F128"));
  EXPECT_THAT(error_of(one("Q4_K", "[256]", "[0,144]"), 144), HasSubstr("dtype Q4_K"));
  EXPECT_THAT(error_of(one("F4", "[3]", "[0,2]"), 2), HasSubstr("dtype F4"));
  EXPECT_THAT(error_of(R"({"t":{"shape":[1],"data_offsets":[0,1]}})", 1), HasSubstr("dtype"));
}

TEST(SafetensorsTest, RefusesHolesOverlapsAndTrailingData) {
  const auto pair = [](std::string_view first, std::string_view second) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + std::string(first) +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + std::string(second) + "}}";
  };
  EXPECT_EQ(error_of(pair("[0,4]", "[4,8]"), 8), "no error");
  EXPECT_THAT(error_of(pair("[0,4]", "[5,9]"), 9), HasSubstr("hole"));
  EXPECT_THAT(error_of(pair("[1,5]", "[5,9]"), 9), HasSubstr("hole"));
  EXPECT_THAT(error_of(pair("[0,4]", "[3,7]"), 7), HasSubstr("overlap"));
  EXPECT_THAT(error_of(pair("[0,4]", "[0,4]"), 4), HasSubstr("overlap"));
  EXPECT_THAT(error_of(pair("[0,4]", "[4,8]"), 9), HasSubstr("trailing data: 1 bytes"));
  EXPECT_THAT(error_of(pair("[0,4]", "[4,8]"), 7), HasSubstr("exceed the file"));
  EXPECT_THAT(error_of(pair("[0,4]", "[8,4]"), 8), HasSubstr("exceed the file"));
  EXPECT_THAT(error_of(one("U8", "[4]", "[0,-4]"), 4), HasSubstr("data_offsets"));
  EXPECT_THAT(error_of(one("U8", "[4]", "[0]"), 4), HasSubstr("data_offsets"));
}

TEST(SafetensorsTest, RefusesBadNames) {
  const std::string rest = R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  EXPECT_THAT(error_of("{\"" + rest, 1), HasSubstr("name of 0 bytes"));
  EXPECT_THAT(error_of("{\"" + std::string(2000, 'n') + rest, 1), HasSubstr("name of 2000 bytes"));
  EXPECT_THAT(error_of("{\"a\\u001b" + rest, 1), HasSubstr("control characters"));
}

TEST(SafetensorsTest, RefusesMoreTensorsThanItsLimit) {
  std::string header = "{";
  for (int i = 0; i < 65'537; ++i) {
    header += (i ? ",\"" : "\"") + std::to_string(i) +
              R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  EXPECT_THAT(error_of(header + "}", 0), HasSubstr("at most 65536"));
}

TEST(SafetensorsTest, EveryPrefixFailsCleanly) {
  const auto bytes = file_of(kTwo, 16);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<uint8_t> prefix(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    ASSERT_FALSE(parse_safetensors(prefix)) << size;
  }
}

TEST(SafetensorsTest, ThousandTruncationsAndRandomChangesNeverMakeViewsOutsideOfTheFile) {
  constexpr uint32_t kSeed = 11;
  std::mt19937 rng(kSeed);
  const auto good = file_of(kTwo, 16);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    bytes[rng() % bytes.size()] = static_cast<uint8_t>(rng());
    if (i < 1000) bytes.resize(rng() % bytes.size());
    const auto tensors = parse_safetensors(bytes);
    if (!tensors) continue;
    for (const TensorView& tensor : *tensors) {
      ASSERT_GE(tensor.data.data(), bytes.data()) << "seed " << kSeed;
      ASSERT_LE(tensor.data.data() + tensor.data.size(), bytes.data() + bytes.size())
          << "seed " << kSeed;
    }
  }
}

class ShardsTest : public ::testing::Test {
 protected:
  void write_shard(std::string_view file, std::string_view tensor) const {
    folder_.write(file, file_of(R"({")" + std::string(tensor) +
                                    R"(":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                                1));
  }
  void write_index(std::string_view weight_map) const {
    folder_.write("model.safetensors.index.json",
                  R"({"metadata":{"total_size":2},"weight_map":)" + std::string(weight_map) + "}");
  }
  std::string error_of_open() {
    const auto folder = ModelFolder::open(folder_.path().string());
    if (!folder) return folder.status().message();
    const auto tensors = open_safetensors(*folder, warnings_);
    return tensors ? "no error" : tensors.status().message();
  }
  TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

TEST_F(ShardsTest, OpensWhatTheIndexNames) {
  write_shard("x.safetensors", "a");
  write_shard("y.safetensors", "b");
  write_index(R"({"a":"x.safetensors","b":"y.safetensors"})");
  EXPECT_EQ(error_of_open(), "no error");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(ShardsTest, RefusesWhatIsNotWhereTheIndexSays) {
  write_shard("x.safetensors", "a");
  write_index(R"({"a":"x.safetensors","b":"x.safetensors"})");
  EXPECT_THAT(error_of_open(), HasSubstr("tensor b is not in its shard x.safetensors"));
  write_index(R"({"a":"y.safetensors"})");
  EXPECT_THAT(error_of_open(), HasSubstr("y.safetensors: No such file"));
  write_shard("y.safetensors", "a");
  write_index(R"({"a":"x.safetensors","b":"y.safetensors"})");
  EXPECT_THAT(error_of_open(), HasSubstr("duplicate tensor name a"));
}

TEST_F(ShardsTest, RefusesNamesThatLeadOutOfTheFolder) {
  for (const char* name : {"../x.safetensors", "/etc/x.safetensors", "a/b.safetensors",
                           "a\\\\b.safetensors", "\\u0000.safetensors"}) {
    write_index(R"({"a":")" + std::string(name) + R"("})");
    EXPECT_THAT(error_of_open(), HasSubstr("is no plain file name")) << name;
  }
  for (const char* map : {R"({"a":""})", R"({"a":"passwd"})", R"({"a":7})", "[]", "null"}) {
    write_index(map);
    EXPECT_NE(error_of_open(), "no error") << map;
  }
}

TEST_F(ShardsTest, FollowsSymbolicLinksOnlyIntoACachesBlobs) {
  namespace fs = std::filesystem;
  const TemporaryFolder outside;
  const auto target = outside.write("secret.safetensors", file_of("{}", 0));
  fs::create_symlink(target, folder_ / "model.safetensors");
  EXPECT_THAT(error_of_open(), HasSubstr("symbolic link to a file outside"));

  const fs::path revision = folder_.path() / "snapshots" / "rev";
  fs::create_directories(revision);
  fs::create_directories(folder_.path() / "blobs");
  folder_.write("blobs/abc", file_of("{}", 0));
  fs::create_symlink("../../blobs/abc", revision / "model.safetensors");
  const auto folder = ModelFolder::open(revision.string());
  ASSERT_TRUE(folder);
  EXPECT_TRUE(open_safetensors(*folder, warnings_));
}

TEST_F(ShardsTest, SaysWhyThereAreNoWeights) {
  EXPECT_THAT(error_of_open(), HasSubstr("has no model.safetensors"));
  folder_.write("m.gguf", std::string("x"));
  EXPECT_THAT(error_of_open(), HasSubstr("m.gguf, give its path"));
  folder_.write("a_pytorch_model.bin", std::string("x"));
  EXPECT_THAT(error_of_open(), HasSubstr("pickled weights"));
}

}  // namespace
}  // namespace youtu
