// The reader of packed model files.
#include "formats/packed_file.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <unordered_set>

#include "base/check.h"
#include "base/content_hash.h"
#include "base/json.h"
#include "base/numbers.h"
#include "formats/printable.h"

namespace youtu {

namespace {

constexpr uint64_t kMaxDirectoryBytes = 32u << 20;
constexpr JsonLimits kDirectoryLimits = {
    .max_bytes = kMaxDirectoryBytes, .max_depth = 8, .max_nodes = 1'000'000};
constexpr size_t kMaxTensors = 65'536;
constexpr size_t kMaxTexts = 16;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxOriginBytes = 4096;
constexpr size_t kMaxDimensions = 4;
constexpr int64_t kMaxRowLength = 1 << 24;
constexpr int64_t kMaxRows = INT32_MAX;
constexpr size_t kChecksumDigits = 16;

Status bad(std::string message) {
  return Status::invalid_argument(std::move(message));
}

struct Extent {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::string name;
};

class PackedFileParser {
 public:
  explicit PackedFileParser(ByteSpan file) : file_(file) {}

  Result<PackedContents> parse();

 private:
  Status read_header();
  Result<Json> read_directory() const;
  Status read_origin(const Json& origin);
  Status read_text(const Json& entry);
  Status read_tensor(const Json& entry);
  Status read_type(const Json& entry, TensorView& tensor) const;
  Status read_shape(const Json& entry, TensorView& tensor) const;
  // The bytes of an entry with "name", "offset", "bytes" and "checksum".
  Result<ByteSpan> read_place(const Json& entry, const std::string& name);
  Result<std::string> read_name(const Json& entry);
  Status check_extents();

  ByteSpan file_;
  PackedFileHeader header_ = {};
  std::vector<Extent> extents_;
  std::unordered_set<std::string> names_;
  PackedContents contents_;
};

Result<std::string> get_string(const Json& object, const char* key, size_t max_bytes) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) {
    return bad("directory: \"" + std::string(key) + "\" is no string");
  }
  const auto& text = it->get_ref<const std::string&>();
  if (text.size() > max_bytes) {
    return bad("directory: \"" + std::string(key) + "\" has " + std::to_string(text.size()) +
               " bytes (at most " + std::to_string(max_bytes) + ")");
  }
  return text;
}

Result<uint64_t> get_number(const Json& object, const char* key, const std::string& of) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) {
    return bad("directory: \"" + std::string(key) + "\" of " + printable(of) +
               " is no whole number");
  }
  return it->get<uint64_t>();
}

Result<uint64_t> get_checksum(const Json& object, const std::string& of) {
  const auto text = get_string(object, "checksum", kChecksumDigits);
  RETURN_IF_ERROR(text);
  uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value, 16);
  if (text->size() != kChecksumDigits || error != std::errc() || stop != end) {
    return bad("directory: \"checksum\" of " + printable(of) + " is no " +
               std::to_string(kChecksumDigits) + " hexadecimal digits");
  }
  return value;
}

Result<const Json*> get_array(const Json& object, const char* key, size_t max_size) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) {
    return bad("directory: \"" + std::string(key) + "\" is no array");
  }
  if (it->size() > max_size) {
    return bad("directory: \"" + std::string(key) + "\" has " + std::to_string(it->size()) +
               " entries (at most " + std::to_string(max_size) + ")");
  }
  return &*it;
}

Status PackedFileParser::read_header() {
  if (!is_packed_file(file_)) {
    return bad("bad magic (a packed model file begins with \"" + std::string(kPackedFileMagic) +
               "\")");
  }
  if (file_.size() < sizeof(header_)) return bad("file ends within the header");
  std::memcpy(&header_, file_.data(), sizeof(header_));
  if (header_.version != kPackedFileVersion) {
    return bad("packed file version " + std::to_string(header_.version) + " is not supported (" +
               std::to_string(kPackedFileVersion) + " is)");
  }
  if (content_hash(file_.first(offsetof(PackedFileHeader, header_checksum))) !=
      header_.header_checksum) {
    return bad("the header's checksum is wrong: the file is damaged");
  }
  if (header_.layout != kPackedLayoutVersion) {
    return bad("its weights have the packed layout " + std::to_string(header_.layout) +
               ", this program reads " + std::to_string(kPackedLayoutVersion) +
               ": pack the model again");
  }
  if (header_.file_bytes != file_.size()) {
    return bad("the file has " + std::to_string(file_.size()) + " bytes, its header says " +
               std::to_string(header_.file_bytes) +
               (file_.size() < header_.file_bytes ? ": it is truncated" : ": there is more"));
  }
  return Status::ok();
}

Result<Json> PackedFileParser::read_directory() const {
  if (header_.directory_bytes > kMaxDirectoryBytes ||
      header_.directory_bytes > file_.size() - sizeof(header_)) {
    return bad("directory of " + std::to_string(header_.directory_bytes) + " bytes (at most " +
               std::to_string(kMaxDirectoryBytes) + ", within the file)");
  }
  const ByteSpan bytes = file_.subspan(sizeof(header_), header_.directory_bytes);
  if (content_hash(bytes) != header_.directory_checksum) {
    return bad("the directory's checksum is wrong: the file is damaged");
  }
  auto json =
      parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, kDirectoryLimits);
  if (!json) return json.status().with_prefix("directory: ");
  if (!json->is_object()) return bad("directory: is no JSON object");
  return json;
}

Status PackedFileParser::read_origin(const Json& directory) {
  const auto it = directory.find("origin");
  if (it == directory.end() || !it->is_object()) return bad("directory: \"origin\" is no object");
  const auto kind = get_string(*it, "kind", kMaxOriginBytes);
  RETURN_IF_ERROR(kind);
  if (*kind != "hugging_face" && *kind != "gguf") {
    return bad("directory: \"kind\" is \"" + printable(*kind) + "\" (hugging_face or gguf)");
  }
  PackedOrigin& origin = contents_.origin;
  origin.kind = *kind == "gguf" ? PackedOrigin::Kind::kGguf : PackedOrigin::Kind::kHuggingFace;
  const struct {
    const char* key;
    std::string* place;
  } fields[] = {{"path", &origin.path},
                {"format", &origin.format},
                {"weights", &origin.weights},
                {"key", &origin.key}};
  for (const auto& field : fields) {
    auto text = get_string(*it, field.key, kMaxOriginBytes);
    RETURN_IF_ERROR(text);
    *field.place = printable(*text, kMaxOriginBytes);
  }
  const auto full = it->find("full_precision");
  if (full == it->end() || !full->is_boolean()) {
    return bad("directory: \"full_precision\" is neither true nor false");
  }
  origin.full_precision = full->get<bool>();
  return Status::ok();
}

Result<std::string> PackedFileParser::read_name(const Json& entry) {
  if (!entry.is_object()) return bad("directory: an entry is no object");
  auto name = get_string(entry, "name", kMaxNameBytes);
  RETURN_IF_ERROR(name);
  if (name->empty() || has_control_characters(*name)) {
    return bad("directory: the name \"" + printable(*name) +
               "\" is empty or holds control characters");
  }
  if (!names_.insert(*name).second) return bad("directory: duplicate name " + printable(*name));
  return name;
}

Result<ByteSpan> PackedFileParser::read_place(const Json& entry, const std::string& name) {
  const auto offset = get_number(entry, "offset", name);
  RETURN_IF_ERROR(offset);
  const auto bytes = get_number(entry, "bytes", name);
  RETURN_IF_ERROR(bytes);
  if (*offset % kPackedSectionAlignment != 0) {
    return bad(printable(name) + ": offset " + std::to_string(*offset) + " is no multiple of " +
               std::to_string(kPackedSectionAlignment));
  }
  const uint64_t begin = sizeof(header_) + header_.directory_bytes;
  if (*offset < begin || *offset > file_.size() || *bytes > file_.size() - *offset) {
    return bad(printable(name) + ": offset " + std::to_string(*offset) + " and size " +
               std::to_string(*bytes) + " exceed the file's " + std::to_string(file_.size()) +
               " bytes, of which " + std::to_string(begin) + " are its head");
  }
  extents_.push_back({*offset, *bytes, name});
  return file_.subspan(*offset, *bytes);
}

Status PackedFileParser::read_text(const Json& entry) {
  const auto name = read_name(entry);
  RETURN_IF_ERROR(name);
  const auto bytes = read_place(entry, *name);
  RETURN_IF_ERROR(bytes);
  const auto checksum = get_checksum(entry, *name);
  RETURN_IF_ERROR(checksum);
  if (content_hash(*bytes) != *checksum) {
    return bad(printable(*name) + ": the checksum is wrong: the file is damaged");
  }
  contents_.texts.push_back({*name, *bytes});
  return Status::ok();
}

Status PackedFileParser::read_type(const Json& entry, TensorView& tensor) const {
  const auto type = get_string(entry, "type", kMaxNameBytes);
  RETURN_IF_ERROR(type);
  tensor.packed = find_packed_format(*type);
  if (tensor.packed) {
    tensor.dtype = DType::kU8;
    return Status::ok();
  }
  const auto dtype = find_dtype(*type);
  if (!dtype) {
    return bad("tensor " + printable(tensor.name) + ": type \"" + printable(*type) +
               "\" is not known");
  }
  tensor.dtype = *dtype;
  return Status::ok();
}

Status PackedFileParser::read_shape(const Json& entry, TensorView& tensor) const {
  const std::string name = "tensor " + printable(tensor.name);
  const auto shape = entry.find("shape");
  if (shape == entry.end() || !shape->is_array() || shape->empty() ||
      shape->size() > kMaxDimensions) {
    return bad(name + ": \"shape\" is no array of 1 to " + std::to_string(kMaxDimensions) +
               " dimensions");
  }
  std::optional<int64_t> rows = 1;
  for (const Json& dimension : *shape) {
    const uint64_t size = dimension.is_number_unsigned() ? dimension.get<uint64_t>() : 0;
    if (size < 1 || size > static_cast<uint64_t>(kMaxRows)) {
      return bad(name + ": a dimension is " + printable(dump_json(dimension), 40) + " (1 to " +
                 std::to_string(kMaxRows) + ")");
    }
    tensor.shape.push_back(static_cast<int64_t>(size));
    if (tensor.shape.size() < shape->size() && rows) rows = checked_mul(*rows, tensor.shape.back());
  }
  if (!rows || *rows > kMaxRows || tensor.row_length() > kMaxRowLength) {
    return bad(name + ": more than " + std::to_string(kMaxRows) + " rows or than " +
               std::to_string(kMaxRowLength) + " columns");
  }
  return Status::ok();
}

Status PackedFileParser::read_tensor(const Json& entry) {
  const auto name = read_name(entry);
  RETURN_IF_ERROR(name);
  PackedSection section;
  section.tensor.name = *name;
  RETURN_IF_ERROR(read_type(entry, section.tensor));
  RETURN_IF_ERROR(read_shape(entry, section.tensor));
  const auto bytes = read_place(entry, *name);
  RETURN_IF_ERROR(bytes);
  section.tensor.data = *bytes;
  const auto expected = tensor_bytes(section.tensor);
  if (!expected || static_cast<uint64_t>(*expected) != bytes->size()) {
    return bad("tensor " + printable(*name) + " has " + std::to_string(bytes->size()) +
               " bytes (its type and shape need " +
               (expected ? std::to_string(*expected) : std::string("another row length")) + ")");
  }
  const auto checksum = get_checksum(entry, *name);
  RETURN_IF_ERROR(checksum);
  section.checksum = *checksum;
  contents_.sections.push_back(std::move(section));
  return Status::ok();
}

// Sections neither overlap nor leave bytes behind the last of them.
Status PackedFileParser::check_extents() {
  std::sort(extents_.begin(), extents_.end(),
            [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  uint64_t end = sizeof(header_) + header_.directory_bytes;
  const std::string* previous = nullptr;
  for (const Extent& extent : extents_) {
    if (extent.offset < end) {
      return bad(printable(extent.name) + ": offset " + std::to_string(extent.offset) +
                 " overlaps " + (previous ? printable(*previous) : std::string("the directory")));
    }
    end = extent.offset + extent.bytes;  // within the file, as read_place() has checked
    previous = &extent.name;
  }
  if (end != file_.size()) {
    return bad("trailing bytes: the last section ends at " + std::to_string(end) +
               ", the file at " + std::to_string(file_.size()));
  }
  return Status::ok();
}

Result<PackedContents> PackedFileParser::parse() {
  RETURN_IF_ERROR(read_header());
  const auto directory = read_directory();
  RETURN_IF_ERROR(directory);
  RETURN_IF_ERROR(read_origin(*directory));
  const auto texts = get_array(*directory, "texts", kMaxTexts);
  RETURN_IF_ERROR(texts);
  const auto tensors = get_array(*directory, "tensors", kMaxTensors);
  RETURN_IF_ERROR(tensors);
  for (const Json& entry : **texts) RETURN_IF_ERROR(read_text(entry));
  for (const Json& entry : **tensors) RETURN_IF_ERROR(read_tensor(entry));
  RETURN_IF_ERROR(check_extents());
  return std::move(contents_);
}

}  // namespace

bool is_packed_file(ByteSpan file) {
  return file.size() >= kPackedFileMagic.size() &&
         std::memcmp(file.data(), kPackedFileMagic.data(), kPackedFileMagic.size()) == 0;
}

Result<PackedContents> parse_packed_file(ByteSpan file) {
  return PackedFileParser(file).parse();
}

bool has_right_checksum(const PackedSection& section) {
  return content_hash(section.tensor.data) == section.checksum;
}

std::optional<int64_t> tensor_bytes(const TensorView& tensor) {
  if (tensor.packed) {
    return PackedShape(*tensor.packed, tensor.num_rows(), tensor.row_length()).bytes();
  }
  if (tensor.row_length() % dtype_info(tensor.dtype).block_values != 0) return std::nullopt;
  return dtype_bytes(tensor.dtype, tensor.num_values());
}

}  // namespace youtu
