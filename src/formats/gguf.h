// GGUF v2 and v3: a typed key-value store and a list of tensors, in one file or split into several.
// Everything is checked against the size of the file before it is believed; nothing is copied that
// can be a view.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "formats/tensor_source.h"
#include "tensor/tensor_view.h"
#include "youtu/status.h"

namespace youtu {

// The numbers are those of the file format.
enum class GgufType : uint32_t {
  kU8 = 0,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64,
};
std::string_view to_string(GgufType type);

// The key-value pairs of a GGUF file. All strings are views into the file's bytes, which must
// outlive this object. get_* fail on a missing key; find_* return an empty optional for one. Both
// fail on a value of another kind or outside of the given range, and name the key:
// "deepseek2.block_count is 0 (1 to 1024)".
class GgufMetadata {
 public:
  struct Entry {
    std::string_view key;
    GgufType type = GgufType::kU8;
    GgufType element_type = GgufType::kU8;  // of an array; otherwise the same as `type`
    uint64_t count = 1;                     // elements of an array; otherwise 1
    ByteSpan bytes;                         // little-endian numbers; for one string, its text
    std::vector<std::string_view> strings;  // of an array of strings; they need not be UTF-8
  };

  const std::vector<Entry>& entries() const { return entries_; }  // in file order
  const Entry* find(std::string_view key) const;                  // nullptr if there is none
  bool contains(std::string_view key) const { return find(key) != nullptr; }

  // Any integer type of the file; writers differ in width.
  Result<int64_t> get_int(std::string_view key, int64_t min, int64_t max) const;
  Result<std::optional<int64_t>> find_int(std::string_view key, int64_t min, int64_t max) const;
  // f32, f64, or an integer. Finite.
  Result<double> get_float(std::string_view key) const;
  Result<std::optional<double>> find_float(std::string_view key) const;
  Result<std::optional<bool>> find_bool(std::string_view key) const;
  // UTF-8.
  Result<std::string_view> get_string(std::string_view key) const;
  Result<std::optional<std::string_view>> find_string(std::string_view key) const;

  // Arrays. The strings are a view that lives as long as this object.
  Result<const std::vector<std::string_view>*> get_strings(std::string_view key) const;
  Result<std::optional<std::vector<int64_t>>> find_ints(
      std::string_view key) const;  // any integer element type
  Result<std::optional<std::vector<float>>> find_floats(
      std::string_view key) const;  // f32 elements

  // The pairs as they lie in the file.
  ByteSpan file_bytes() const { return file_bytes_; }

  // For the parser. False if the key is already there.
  bool add(Entry entry);
  void set_file_bytes(ByteSpan bytes) { file_bytes_ = bytes; }

 private:
  std::vector<Entry> entries_;
  ByteSpan file_bytes_;
  std::unordered_map<std::string_view, size_t> index_;  // key -> position in entries_
};

struct GgufContents {
  uint32_t version = 0;
  GgufMetadata metadata;
  std::vector<TensorView> tensors;  // in file order; shapes outermost first
};

// One file. The result points into `file`.
Result<GgufContents> parse_gguf(ByteSpan file);

struct GgufModel {
  uint32_t version = 0;
  std::unique_ptr<TensorSource> tensors;  // owns the mappings that `metadata` points into
  GgufMetadata metadata;                  // of the first part
};

// A single file, or the first part (-00001-of-0000M.gguf) of a split one. Errors name the file.
Result<GgufModel> open_gguf(const std::string& path);

}  // namespace youtu
