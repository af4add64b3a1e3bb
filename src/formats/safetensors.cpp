#include "formats/safetensors.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/json.h"
#include "base/numbers.h"
#include "formats/printable.h"

namespace youtu {

namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr size_t kMaxTensors = 65'536;
constexpr size_t kMaxNameBytes = 1'024;
constexpr size_t kMaxDimensions = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

// A tensor is an object of two arrays and a string: with its numbers at most 6 + kMaxDimensions
// values.
constexpr JsonLimits kHeaderLimits = {
    .max_bytes = kMaxHeaderBytes, .max_depth = 3, .max_nodes = 16 * kMaxTensors};

Status bad(std::string message) {
  return Status::invalid_argument(std::move(message));
}

Result<std::string_view> header_text(ByteSpan file) {
  if (file.size() < kLengthBytes) {
    return bad("file of " + std::to_string(file.size()) + " bytes has no header length (8 bytes)");
  }
  uint64_t length;
  std::memcpy(&length, file.data(), sizeof(length));
  if (length < 2 || length > kMaxHeaderBytes || length > file.size() - kLengthBytes) {
    return bad("header length is " + std::to_string(length) + " (2 to " +
               std::to_string(std::min<uint64_t>(kMaxHeaderBytes, file.size() - kLengthBytes)) +
               ")");
  }
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (text[0] != '{') return bad("invalid header: does not begin with '{'");
  // A JSON library may take a zero byte for the end of its text.
  if (text.find('\0') != std::string_view::npos) return bad("invalid header: holds a zero byte");
  return text;
}

// The name of our type for a spelling of the format; the two FP4 and FP6 spellings differ from ours
// only in length.
Result<DType> read_dtype(const Json& entry, const std::string& name) {
  const auto it = entry.find("dtype");
  if (it == entry.end() || !it->is_string()) return bad("tensor " + name + " has no dtype");
  const auto& spelling = it->get_ref<const std::string&>();
  const auto dtype = find_dtype(spelling == "F4_E2M1" ? "F4" : spelling);
  // find_dtype() knows GGUF's block types as well.
  if (!dtype || dtype_info(*dtype).block_values > 4) {
    return bad("tensor " + name + " has the unknown dtype " + printable(spelling));
  }
  return *dtype;
}

Result<std::vector<int64_t>> read_shape(const Json& entry, const std::string& name) {
  const auto it = entry.find("shape");
  if (it == entry.end() || !it->is_array()) return bad("tensor " + name + " has no shape");
  if (it->size() > kMaxDimensions) {
    return bad("shape of tensor " + name + ": size mismatch, " + std::to_string(it->size()) +
               " dimensions (at most " + std::to_string(kMaxDimensions) + ")");
  }
  std::vector<int64_t> shape;
  std::optional<int64_t> num_values = 1;
  for (const Json& dimension : *it) {
    if (!dimension.is_number_unsigned() || dimension.get<uint64_t>() > INT64_MAX) {
      return bad("shape of tensor " + name + ": size mismatch, " + printable(dump_json(dimension)) +
                 " is no dimension (0 to 2^63 - 1)");
    }
    shape.push_back(dimension.get<int64_t>());
    num_values = checked_mul(*num_values, shape.back());
    if (!num_values) return bad("shape of tensor " + name + ": overflow, more than 2^63 values");
  }
  return shape;
}

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Result<ByteRange> read_offsets(const Json& entry, const std::string& name, uint64_t data_bytes) {
  const auto it = entry.find("data_offsets");
  if (it == entry.end() || !it->is_array() || it->size() != 2 || !(*it)[0].is_number_unsigned() ||
      !(*it)[1].is_number_unsigned()) {
    return bad("tensor " + name + ": data_offsets are not two unsigned integers");
  }
  const ByteRange range = {(*it)[0].get<uint64_t>(), (*it)[1].get<uint64_t>()};
  if (range.begin > range.end || range.end > data_bytes) {
    return bad("tensor " + name + ": data_offsets [" + std::to_string(range.begin) + ", " +
               std::to_string(range.end) + ") exceed the file's " + std::to_string(data_bytes) +
               " bytes of data");
  }
  return range;
}

Result<TensorView> read_tensor(const std::string& raw_name, const Json& entry, ByteSpan data) {
  const std::string name = printable(raw_name);
  if (raw_name.empty() || raw_name.size() > kMaxNameBytes) {
    return bad("tensor name of " + std::to_string(raw_name.size()) + " bytes (1 to " +
               std::to_string(kMaxNameBytes) + ")");
  }
  if (has_control_characters(raw_name))
    return bad("tensor name " + name + " holds control characters");
  if (!entry.is_object()) return bad("invalid header: tensor " + name + " is no object");
  const auto dtype = read_dtype(entry, name);
  RETURN_IF_ERROR(dtype);
  auto shape = read_shape(entry, name);
  RETURN_IF_ERROR(shape);
  const auto range = read_offsets(entry, name, data.size());
  RETURN_IF_ERROR(range);
  TensorView tensor = {raw_name, *dtype, *std::move(shape),
                       data.subspan(range->begin, range->end - range->begin)};
  const int64_t num_values = tensor.num_values();
  if (num_values % dtype_info(*dtype).block_values != 0) {
    return bad("tensor " + name + ": " + std::to_string(num_values) + " values of dtype " +
               std::string(to_string(*dtype)) + " are no whole number of bytes");
  }
  const auto size = dtype_bytes(*dtype, num_values);
  if (!size) return bad("shape of tensor " + name + ": overflow, more than 2^63 bytes");
  if (static_cast<uint64_t>(*size) != tensor.data.size()) {
    return bad("tensor " + name + ": size mismatch, its shape needs " + std::to_string(*size) +
               " bytes and data_offsets give " + std::to_string(tensor.data.size()));
  }
  return tensor;
}

// The data must be covered exactly: what no tensor owns could hide another file, and what two own
// is no checkpoint.
Status check_cover(const std::vector<TensorView>& tensors, ByteSpan data) {
  const uint8_t* expected = data.data();
  for (const TensorView& tensor : tensors) {
    if (tensor.data.data() != expected) {
      return bad("tensor " + printable(tensor.name) + ": data_offsets " +
                 (tensor.data.data() < expected ? "overlap" : "leave a hole after") +
                 " the tensor before");
    }
    expected += tensor.data.size();
  }
  if (expected != data.data() + data.size()) {
    return bad("trailing data: " + std::to_string(data.data() + data.size() - expected) +
               " bytes after the last tensor");
  }
  return Status::ok();
}

// Why parse_json() failed, in the words of this format.
Status header_error(const Status& status) {
  if (status.reason() == "duplicate_key") return bad("duplicate tensor name: " + status.message());
  return bad("invalid header: " + status.message());
}

}  // namespace

Result<std::vector<TensorView>> parse_safetensors(ByteSpan file) {
  const auto text = header_text(file);
  RETURN_IF_ERROR(text);
  const auto header = parse_json(*text, kHeaderLimits);
  if (!header) return header_error(header.status());
  if (!header->is_object()) return bad("invalid header: is no object");
  if (header->size() > kMaxTensors) {
    return bad(std::to_string(header->size()) + " tensors (at most " + std::to_string(kMaxTensors) +
               ")");
  }
  const ByteSpan data = file.subspan(kLengthBytes + text->size());
  std::vector<TensorView> tensors;
  tensors.reserve(header->size());
  for (const auto& [name, entry] : header->items()) {
    if (name == kMetadataKey) continue;
    auto tensor = read_tensor(name, entry, data);
    RETURN_IF_ERROR(tensor);
    tensors.push_back(*std::move(tensor));
  }
  // An empty tensor comes before the one that begins at the same byte.
  std::sort(tensors.begin(), tensors.end(), [](const TensorView& a, const TensorView& b) {
    return a.data.data() != b.data.data() ? a.data.data() < b.data.data()
                                          : a.data.size() < b.data.size();
  });
  RETURN_IF_ERROR(check_cover(tensors, data));
  return tensors;
}

}  // namespace youtu
