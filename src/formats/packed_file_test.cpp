#include "formats/packed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/content_hash.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/packed_model.h"
#include "tests/support/packed_builder.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

constexpr PackedFormat kQ4 = {.bits = 4, .group = 32};

std::string zeros_checksum(size_t size) {
  ContentHash hash;
  hash.add(Bytes(size));
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash.value()));
  return text;
}

// A directory that describes a file of 12288 bytes: a text of 5 bytes and 16 rows of 32 values.
Json good_directory() {
  const auto bytes = PackedShape(kQ4, 16, 32).bytes();
  return {{"origin",
           {{"kind", "hugging_face"},
            {"path", "models/a"},
            {"format", "Hugging Face folder"},
            {"weights", "q4"},
            {"key", ""},
            {"full_precision", false}}},
          {"texts",
           {{{"name", "config.json"},
             {"offset", 4096},
             {"bytes", 5},
             {"checksum", zeros_checksum(5)}}}},
          {"tensors",
           {{{"name", "norm.weight"},
             {"type", "q4g32"},
             {"shape", {16, 32}},
             {"offset", 8192},
             {"bytes", bytes},
             {"checksum", zeros_checksum(static_cast<size_t>(bytes))}}}}};
}

size_t good_size() {
  return 8192 + static_cast<size_t>(PackedShape(kQ4, 16, 32).bytes());
}

std::string error_of(const Json& directory) {
  const Bytes file = packed_file(directory.dump(), good_size());
  return parse_packed_file(file).status().message();
}

// The error after one value of the tensor's entry has been replaced.
std::string tensor_error(const char* key, const Json& value) {
  Json directory = good_directory();
  directory["tensors"][0][key] = value;
  return error_of(directory);
}

template <typename Change>
std::string header_error(const Change& change) {
  Bytes file = packed_file(good_directory().dump(), good_size());
  PackedFileHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  change(header);
  std::memcpy(file.data(), &header, sizeof(header));
  repair_checksums(file);
  return parse_packed_file(file).status().message();
}

TEST(PackedFile, ReadsWhatTheDirectorySays) {
  const Bytes file = packed_file(good_directory().dump(), good_size());
  const auto contents = parse_packed_file(file);
  ASSERT_TRUE(contents.is_ok()) << contents.status().message();
  EXPECT_EQ(contents->origin.weights, "q4");
  ASSERT_EQ(contents->texts.size(), 1u);
  EXPECT_EQ(contents->texts[0].bytes.size(), 5u);
  ASSERT_EQ(contents->sections.size(), 1u);
  EXPECT_EQ(contents->sections[0].tensor.type_name(), "q4g32");
  EXPECT_EQ(contents->sections[0].tensor.data.data(), file.data() + 8192);
  EXPECT_TRUE(has_right_checksum(contents->sections[0]));
}

TEST(PackedFile, RefusesAWrongHead) {
  EXPECT_THAT(parse_packed_file(Bytes{}).status().message(), HasSubstr("bad magic"));
  EXPECT_THAT(header_error([](auto& h) { h.magic[0] = 'X'; }), HasSubstr("bad magic"));
  EXPECT_THAT(header_error([](auto& h) { h.version = 2; }), HasSubstr("version 2"));
  EXPECT_THAT(header_error([](auto& h) { h.version = 0xffffffff; }), HasSubstr("version 42949"));
  EXPECT_THAT(header_error([](auto& h) { h.layout = 9; }), HasSubstr("layout 9"));
  EXPECT_THAT(header_error([](auto& h) { --h.file_bytes; }), HasSubstr("there is more"));
  EXPECT_THAT(header_error([](auto& h) { h.file_bytes = ~0ull; }), HasSubstr("truncated"));
  for (const uint64_t size : {uint64_t{1} << 40, ~uint64_t{0}, uint64_t{good_size()}}) {
    EXPECT_THAT(header_error([&](auto& h) { h.directory_bytes = size; }),
                HasSubstr("directory of " + std::to_string(size)));
  }
}

TEST(PackedFile, NoticesDamage) {
  const Bytes good = packed_file(good_directory().dump(), good_size());
  for (const size_t place :
       {size_t{12}, size_t{33}, size_t{40}, sizeof(PackedFileHeader) + 9, size_t{4096}}) {
    Bytes file = good;
    file[place] ^= 1;
    EXPECT_FALSE(parse_packed_file(file).is_ok()) << "byte " << place;
  }
  for (size_t size = 0; size < good.size(); size += size < 1000 ? 1 : 97) {
    EXPECT_FALSE(parse_packed_file(std::span(good).first(size)).is_ok()) << size << " bytes";
  }
  Bytes longer = good;
  longer.resize(longer.size() + 4096);
  EXPECT_THAT(parse_packed_file(longer).status().message(), HasSubstr("there is more"));
}

TEST(PackedFile, LeavesDamagedTensorsToTheirChecksum) {
  Bytes file = packed_file(good_directory().dump(), good_size());
  file.back() ^= 1;
  const auto contents = parse_packed_file(file);
  ASSERT_TRUE(contents.is_ok());
  EXPECT_FALSE(has_right_checksum(contents->sections[0]));
}

TEST(PackedFile, RefusesWrongPlaces) {
  EXPECT_THAT(tensor_error("offset", 8193), HasSubstr("no multiple of 4096"));
  EXPECT_THAT(tensor_error("offset", 0), HasSubstr("exceed"));
  EXPECT_THAT(tensor_error("offset", ~0ull - 4095), HasSubstr("exceed"));
  EXPECT_THAT(tensor_error("offset", 4096), HasSubstr("overlaps config.json"));
  EXPECT_THAT(tensor_error("offset", -4096), HasSubstr("no whole number"));
  EXPECT_THAT(tensor_error("offset", 1.5), HasSubstr("no whole number"));
  EXPECT_THAT(tensor_error("bytes", ~0ull), HasSubstr("exceed"));
  EXPECT_THAT(tensor_error("bytes", 1), HasSubstr("has 1 bytes"));
  Json directory = good_directory();
  directory["tensors"] = Json::array();
  EXPECT_THAT(error_of(directory), HasSubstr("trailing bytes"));
}

TEST(PackedFile, RefusesWrongShapesAndTypes) {
  EXPECT_THAT(tensor_error("shape", {16, 64}), HasSubstr("its type and shape need"));
  EXPECT_THAT(tensor_error("shape", {0, 32}), HasSubstr("a dimension is 0"));
  EXPECT_THAT(tensor_error("shape", {-16, 32}), HasSubstr("a dimension is -16"));
  EXPECT_THAT(tensor_error("shape", {1ull << 63, 32}), HasSubstr("a dimension is"));
  EXPECT_THAT(tensor_error("shape", {1 << 30, 1 << 30, 32}), HasSubstr("rows"));
  EXPECT_THAT(tensor_error("shape", {16, 1 << 30}), HasSubstr("columns"));
  EXPECT_THAT(tensor_error("shape", Json::array()), HasSubstr("no array"));
  EXPECT_THAT(tensor_error("shape", {1, 1, 1, 16, 32}), HasSubstr("no array"));
  EXPECT_THAT(tensor_error("type", "q5g32"), HasSubstr("\"q5g32\" is not known"));
  EXPECT_THAT(tensor_error("type", 7), HasSubstr("no string"));
  EXPECT_THAT(tensor_error("type", "BF16"), HasSubstr("its type and shape need 1024"));
  EXPECT_THAT(tensor_error("checksum", "12"), HasSubstr("hexadecimal"));
  EXPECT_THAT(tensor_error("checksum", "xyzxyzxyzxyzxyzx"), HasSubstr("hexadecimal"));
}

TEST(PackedFile, RefusesWrongNames) {
  EXPECT_THAT(tensor_error("name", ""), HasSubstr("empty"));
  EXPECT_THAT(tensor_error("name", "a\nb"), HasSubstr("control characters"));
  EXPECT_THAT(tensor_error("name", "config.json"), HasSubstr("duplicate name config.json"));
  EXPECT_THAT(tensor_error("name", std::string(256, 'a')), HasSubstr("256 bytes"));
  std::string directory = good_directory().dump();
  directory.replace(directory.find("norm.weight"), 4, "\xff\xfe\xfd\xfc");
  const Bytes file = packed_file(directory, good_size());
  EXPECT_THAT(parse_packed_file(file).status().message(), HasSubstr("directory: "));
}

TEST(PackedFile, RefusesADirectoryOfAnotherForm) {
  for (const char* text : {"", "[]", "{}", "null", "{\"origin\": 1}", "{\"texts\": []"}) {
    const Bytes file = packed_file(text, good_size());
    EXPECT_THAT(parse_packed_file(file).status().message(), HasSubstr("directory: ")) << text;
  }
  for (const char* key : {"kind", "path", "format", "weights", "key", "full_precision"}) {
    Json directory = good_directory();
    directory["origin"][key] = 3;
    EXPECT_THAT(error_of(directory), HasSubstr(key));
  }
  Json directory = good_directory();
  directory["texts"] = Json::array({3});
  EXPECT_THAT(error_of(directory), HasSubstr("no object"));
}

class WrittenFile : public testing::Test {
 protected:
  Status write(const PackedWriteOptions& options = {}) {
    TensorView plain = {"plain", DType::kF32, {3, 2}, values_};
    TensorView packed = {"packed", DType::kU8, {20, 40}, panels_};
    packed.packed = kQ4;
    return write_packed_file(path_, origin_, {{"config.json", text_}}, {plain, packed}, options);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.youtu";
  PackedOrigin origin_ = {.path = "models/\"a\"\xff", .format = "x", .weights = "q4,head=q4"};
  Bytes text_ = {'{', '}', '\n'};
  Bytes values_ = Bytes(24, 7);
  Bytes panels_ = Bytes(static_cast<size_t>(PackedShape(kQ4, 20, 40).bytes()), 3);
};

TEST_F(WrittenFile, IsReadAgain) {
  ASSERT_TRUE(write().is_ok());
  const auto model = open_packed_file(path_);
  ASSERT_TRUE(model.is_ok()) << model.status().message();
  EXPECT_EQ(model->origin.weights, "q4,head=q4");
  EXPECT_EQ(Bytes(model->texts[0].bytes.begin(), model->texts[0].bytes.end()), text_);
  const TensorView* packed = model->tensors->find("packed");
  ASSERT_NE(packed, nullptr);
  EXPECT_EQ(packed->packed, kQ4);
  EXPECT_EQ(Bytes(packed->data.begin(), packed->data.end()), panels_);
  EXPECT_EQ(model->tensors->find("plain")->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(model->tensors->find("plain")->dtype, DType::kF32);
  EXPECT_TRUE(verify_packed_file(path_).is_ok());
}

TEST_F(WrittenFile, ReplacesOnlyWhenAsked) {
  ASSERT_TRUE(write().is_ok());
  values_[0] = 9;
  EXPECT_THAT(write().message(), HasSubstr("a.youtu: exists already"));
  EXPECT_EQ(open_packed_file(path_)->tensors->find("plain")->data[0], 7);
  ASSERT_TRUE(write({.replaces = true}).is_ok());
  EXPECT_EQ(open_packed_file(path_)->tensors->find("plain")->data[0], 9);
  // Nothing is left of what was refused.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(WrittenFile, NamesADamagedTensor) {
  ASSERT_TRUE(write().is_ok());
  std::string bytes = *read_file(path_, 1 << 20);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const std::string path = folder_.write("b.youtu", bytes);
  EXPECT_THAT(verify_packed_file(path).message(),
              HasSubstr("b.youtu: tensor packed: the checksum"));
}

}  // namespace
}  // namespace youtu
