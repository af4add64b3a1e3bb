// The reader of one GGUF file: header, key-value pairs, tensor infos, data, in this order and
// without alignment until the data begins. Every count is compared with the bytes that are left
// before anything of that size exists.
#include "formats/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "base/check.h"
#include "base/numbers.h"
#include "base/utf8.h"
#include "formats/ggml_type.h"
#include "formats/printable.h"

namespace youtu {

namespace {

constexpr uint64_t kMaxTensors = 65'536;
constexpr uint64_t kMaxKeyValues = 65'536;
constexpr uint64_t kMaxKeyBytes = 65'535;  // the format's own limit
constexpr uint64_t kMaxNameBytes = 63;     // llama.cpp's: 64 with its terminating zero
constexpr uint64_t kMaxArrayStrings =
    4'194'304;  // the largest vocabularies have under a million merges
constexpr uint64_t kMaxAlignment = 65'536;
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMinKeyValueBytes = 8 + 1 + 4 + 1;  // key of one letter, type, u8
constexpr uint64_t kMinTensorInfoBytes =
    8 + 1 + 4 + 8 + 4 + 8;  // name of one letter, one dimension

Status bad(std::string message) {
  return Status::invalid_argument(std::move(message));
}

// Bytes of one element of a number type; 0 for strings and arrays.
uint64_t element_bytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      return 0;
  }
  UNREACHABLE();
}

// Reads forward; nothing past the end.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  template <typename T>
  Result<T> number(std::string_view what) {
    if (remaining() < sizeof(T)) return bad("file ends within " + std::string(what));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  // REQUIRES: count <= remaining().
  ByteSpan take(uint64_t count) {
    DCHECK(count <= remaining());
    const ByteSpan taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  // A 64-bit length and that many bytes. Vocabularies have 400,000 of them, so that the words for
  // an error are put together only when there is one.
  Result<std::string_view> string(std::string_view what) {
    const auto length = number<uint64_t>(what);
    RETURN_IF_ERROR(length);
    if (*length > remaining()) {
      return bad(std::string(what) + ": string exceeds file (" + std::to_string(*length) +
                 " bytes, " + std::to_string(remaining()) + " left)");
    }
    const ByteSpan taken = take(*length);
    return std::string_view(reinterpret_cast<const char*>(taken.data()), taken.size());
  }

 private:
  ByteSpan bytes_;
  uint64_t position_ = 0;
};

struct TensorInfo {
  std::string_view name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;  // outermost first
  uint64_t offset = 0;         // in the data section
  uint64_t size = 0;
};

class GgufParser {
 public:
  explicit GgufParser(ByteSpan file) : file_(file), reader_(file) {}

  Result<GgufContents> parse() {
    RETURN_IF_ERROR(read_header());
    const uint64_t begin = reader_.position();
    for (uint64_t i = 0; i < num_key_values_; ++i) RETURN_IF_ERROR(read_key_value());
    contents_.metadata.set_file_bytes(file_.subspan(begin, reader_.position() - begin));
    RETURN_IF_ERROR(read_alignment());
    infos_.reserve(num_tensors_);
    for (uint64_t i = 0; i < num_tensors_; ++i) RETURN_IF_ERROR(read_tensor_info());
    RETURN_IF_ERROR(place_tensors());
    return std::move(contents_);
  }

 private:
  Status read_header();
  Status read_counts();
  Status read_key_value();
  Result<GgufType> read_type(const std::string& key);
  Status read_value(GgufMetadata::Entry& entry);
  Status read_string_array(GgufMetadata::Entry& entry);
  Status read_alignment();
  Status read_tensor_info();
  Result<std::string_view> read_tensor_name();
  Result<std::vector<int64_t>> read_shape(const std::string& name);
  Status place_tensors();
  Status check_overlaps() const;

  ByteSpan file_;
  ByteReader reader_;
  uint64_t num_tensors_ = 0;
  uint64_t num_key_values_ = 0;
  uint64_t alignment_ = kDefaultAlignment;
  std::vector<TensorInfo> infos_;
  std::unordered_set<std::string_view> names_;
  GgufContents contents_;
};

Status GgufParser::read_header() {
  if (file_.size() < 4 || std::memcmp(file_.data(), "GGUF", 4) != 0) {
    return bad("bad magic (a GGUF file begins with \"GGUF\")");
  }
  reader_.take(4);
  const auto version = reader_.number<uint32_t>("the version");
  RETURN_IF_ERROR(version);
  if (*version != 0 && (*version & 0xffffu) == 0) {
    return bad("byte order is big-endian (little-endian is supported)");
  }
  if (*version != 2 && *version != 3) {
    return bad("GGUF version " + std::to_string(*version) + " is not supported (2 and 3 are)");
  }
  contents_.version = *version;
  return read_counts();
}

Status GgufParser::read_counts() {
  const auto tensors = reader_.number<uint64_t>("the tensor count");
  RETURN_IF_ERROR(tensors);
  const auto key_values = reader_.number<uint64_t>("the key-value count");
  RETURN_IF_ERROR(key_values);
  num_tensors_ = *tensors;
  num_key_values_ = *key_values;
  if (num_tensors_ > reader_.remaining() / kMinTensorInfoBytes) {
    return bad("tensor count exceeds file (" + std::to_string(num_tensors_) + " tensors)");
  }
  if (num_key_values_ > reader_.remaining() / kMinKeyValueBytes) {
    return bad("key-value count exceeds file (" + std::to_string(num_key_values_) + " pairs)");
  }
  if (num_tensors_ > kMaxTensors) {
    return bad(std::to_string(num_tensors_) + " tensors (at most " + std::to_string(kMaxTensors) +
               ")");
  }
  if (num_key_values_ > kMaxKeyValues) {
    return bad(std::to_string(num_key_values_) + " key-value pairs (at most " +
               std::to_string(kMaxKeyValues) + ")");
  }
  return Status::ok();
}

Status GgufParser::read_key_value() {
  const auto key = reader_.string("key " + std::to_string(contents_.metadata.entries().size()));
  RETURN_IF_ERROR(key);
  if (key->empty() || key->size() > kMaxKeyBytes) {
    return bad("key of " + std::to_string(key->size()) + " bytes (1 to " +
               std::to_string(kMaxKeyBytes) + ")");
  }
  if (!is_utf8(*key)) return bad("key " + printable(*key) + " is not UTF-8");
  if (has_control_characters(*key)) {
    return bad("key " + printable(*key) + " holds control characters");
  }
  GgufMetadata::Entry entry;
  entry.key = *key;
  const auto type = read_type(std::string(*key));
  RETURN_IF_ERROR(type);
  entry.type = *type;
  RETURN_IF_ERROR(read_value(entry));
  if (!contents_.metadata.add(std::move(entry))) return bad("duplicate key " + printable(*key));
  return Status::ok();
}

Result<GgufType> GgufParser::read_type(const std::string& key) {
  const auto type = reader_.number<uint32_t>("the type of " + printable(key));
  RETURN_IF_ERROR(type);
  if (*type > static_cast<uint32_t>(GgufType::kF64)) {
    return bad(printable(key) + " has the unknown value type " + std::to_string(*type));
  }
  return static_cast<GgufType>(*type);
}

Status GgufParser::read_value(GgufMetadata::Entry& entry) {
  const std::string key = printable(entry.key);
  entry.element_type = entry.type;
  if (entry.type == GgufType::kString) {
    const auto text = reader_.string(key);
    RETURN_IF_ERROR(text);
    entry.bytes = {reinterpret_cast<const uint8_t*>(text->data()), text->size()};
    return Status::ok();
  }
  if (entry.type == GgufType::kArray) {
    const auto element_type = read_type(key);
    RETURN_IF_ERROR(element_type);
    const auto count = reader_.number<uint64_t>("the array length of " + key);
    RETURN_IF_ERROR(count);
    entry.element_type = *element_type;
    entry.count = *count;
    if (*element_type == GgufType::kArray) return bad(key + ": array of arrays is not supported");
    if (*element_type == GgufType::kString) return read_string_array(entry);
  }
  const uint64_t width = element_bytes(entry.element_type);
  if (entry.count > reader_.remaining() / width) {
    return bad(key + ": array exceeds file (" + std::to_string(entry.count) + " elements of " +
               std::to_string(width) + " bytes, " + std::to_string(reader_.remaining()) +
               " bytes left)");
  }
  entry.bytes = reader_.take(entry.count * width);
  return Status::ok();
}

Status GgufParser::read_string_array(GgufMetadata::Entry& entry) {
  const std::string key = printable(entry.key);
  if (entry.count > reader_.remaining() / sizeof(uint64_t)) {
    return bad(key + ": array exceeds file (" + std::to_string(entry.count) + " strings, " +
               std::to_string(reader_.remaining()) + " bytes left)");
  }
  if (entry.count > kMaxArrayStrings) {
    return bad(key + ": array of " + std::to_string(entry.count) + " strings (at most " +
               std::to_string(kMaxArrayStrings) + ")");
  }
  const std::string what = "an element of " + key;
  entry.strings.reserve(entry.count);
  for (uint64_t i = 0; i < entry.count; ++i) {
    const auto text = reader_.string(what);
    RETURN_IF_ERROR(text);
    entry.strings.push_back(*text);
  }
  return Status::ok();
}

Status GgufParser::read_alignment() {
  constexpr std::string_view kKey = "general.alignment";
  const GgufMetadata::Entry* entry = contents_.metadata.find(kKey);
  if (!entry) return Status::ok();
  if (entry->type != GgufType::kU32) {
    return bad(std::string(kKey) + " has type " + std::string(to_string(entry->type)) +
               " (u32 is expected)");
  }
  uint32_t alignment;
  std::memcpy(&alignment, entry->bytes.data(), sizeof(alignment));
  if (!std::has_single_bit(alignment) || alignment < 8 || alignment > kMaxAlignment) {
    return bad(std::string(kKey) + " is " + std::to_string(alignment) +
               " (a power of two from 8 to " + std::to_string(kMaxAlignment) + ")");
  }
  alignment_ = alignment;
  return Status::ok();
}

Result<std::string_view> GgufParser::read_tensor_name() {
  const auto name = reader_.string("the name of tensor " + std::to_string(infos_.size()));
  RETURN_IF_ERROR(name);
  if (name->empty() || name->size() > kMaxNameBytes) {
    return bad("tensor name of " + std::to_string(name->size()) + " bytes (1 to " +
               std::to_string(kMaxNameBytes) + ")");
  }
  if (!is_utf8(*name) || has_control_characters(*name)) {
    return bad("tensor name " + printable(*name) + " holds control characters or is not UTF-8");
  }
  if (!names_.insert(*name).second) return bad("duplicate tensor name " + printable(*name));
  return *name;
}

Result<std::vector<int64_t>> GgufParser::read_shape(const std::string& name) {
  const auto num_dimensions = reader_.number<uint32_t>("the dimensions of " + name);
  RETURN_IF_ERROR(num_dimensions);
  if (*num_dimensions < 1 || *num_dimensions > kMaxDimensions) {
    return bad("tensor " + name + " has " + std::to_string(*num_dimensions) + " dimensions (1 to " +
               std::to_string(kMaxDimensions) + ")");
  }
  std::vector<int64_t> shape;
  std::optional<int64_t> num_values = 1;
  for (uint32_t i = 0; i < *num_dimensions; ++i) {
    const auto dimension = reader_.number<int64_t>("the dimensions of " + name);
    RETURN_IF_ERROR(dimension);
    if (*dimension < 1) {
      return bad("dimensions of tensor " + name + ": " +
                 std::to_string(static_cast<uint64_t>(*dimension)) + " (1 to 2^63 - 1)");
    }
    num_values = checked_mul(*num_values, *dimension);
    if (!num_values) return bad("dimensions of tensor " + name + " overflow 2^63 values");
    shape.push_back(*dimension);
  }
  std::reverse(shape.begin(), shape.end());
  return shape;
}

Status GgufParser::read_tensor_info() {
  TensorInfo info;
  const auto raw_name = read_tensor_name();
  RETURN_IF_ERROR(raw_name);
  info.name = *raw_name;
  const std::string name = printable(info.name);
  auto shape = read_shape(name);
  RETURN_IF_ERROR(shape);
  info.shape = *std::move(shape);
  const auto type = reader_.number<uint32_t>("the tensor type of " + name);
  RETURN_IF_ERROR(type);
  const auto dtype = dtype_of_ggml_type(*type);
  if (!dtype) {
    return bad("tensor " + name + ": tensor type " + ggml_type_name(*type) +
               " is not supported (supported: " + supported_ggml_types() + ")");
  }
  info.dtype = *dtype;
  const int64_t block_values = dtype_info(*dtype).block_values;
  if (info.shape.back() % block_values != 0) {
    return bad("tensor " + name + ": rows of " + std::to_string(info.shape.back()) +
               " values do not fit the tensor type " + std::string(to_string(*dtype)) +
               " (multiples of " + std::to_string(block_values) + ")");
  }
  int64_t num_values = 1;
  for (const int64_t dimension : info.shape) num_values *= dimension;
  const auto size = dtype_bytes(*dtype, num_values);
  if (!size) return bad("dimensions of tensor " + name + " overflow 2^63 bytes");
  info.size = static_cast<uint64_t>(*size);
  const auto offset = reader_.number<uint64_t>("the offset of " + name);
  RETURN_IF_ERROR(offset);
  info.offset = *offset;
  infos_.push_back(std::move(info));
  return Status::ok();
}

Status GgufParser::place_tensors() {
  const uint64_t data_start =
      infos_.empty() ? reader_.position() : align_up(reader_.position(), alignment_);
  if (data_start > file_.size()) return bad("file ends before the tensor data");
  const uint64_t data_size = file_.size() - data_start;
  contents_.tensors.reserve(infos_.size());
  for (const TensorInfo& info : infos_) {
    const std::string name = printable(info.name);
    if (info.offset % alignment_ != 0) {
      return bad("tensor " + name + ": offset " + std::to_string(info.offset) +
                 " is not a multiple of the alignment " + std::to_string(alignment_));
    }
    if (info.offset > data_size || info.size > data_size - info.offset) {
      return bad("tensor " + name + ": offset " + std::to_string(info.offset) + " and size " +
                 std::to_string(info.size) + " exceed the file's " + std::to_string(data_size) +
                 " bytes of data");
    }
    contents_.tensors.push_back({std::string(info.name), info.dtype, info.shape,
                                 file_.subspan(data_start + info.offset, info.size)});
  }
  return check_overlaps();
}

Status GgufParser::check_overlaps() const {
  std::vector<const TensorInfo*> by_offset;
  by_offset.reserve(infos_.size());
  for (const TensorInfo& info : infos_) by_offset.push_back(&info);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const TensorInfo* a, const TensorInfo* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < by_offset.size(); ++i) {
    const TensorInfo& previous = *by_offset[i - 1];
    // The sum is within the file, as place_tensors() has checked.
    if (by_offset[i]->offset < previous.offset + previous.size) {
      return bad("tensor " + printable(by_offset[i]->name) + ": offset " +
                 std::to_string(by_offset[i]->offset) + " overlaps tensor " +
                 printable(previous.name));
    }
  }
  return Status::ok();
}

}  // namespace

Result<GgufContents> parse_gguf(ByteSpan file) {
  return GgufParser(file).parse();
}

}  // namespace youtu
