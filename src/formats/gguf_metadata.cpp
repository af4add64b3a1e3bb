// Typed access to GGUF key-value pairs.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/utf8.h"
#include "formats/gguf.h"

namespace youtu {

namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers of model files are used as they are");

template <typename T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

// Nothing if the type is not an integer, or if the value is above the range of int64_t.
std::optional<int64_t> integer_at(GgufType type, const uint8_t* bytes) {
  switch (type) {
    case GgufType::kU8:
      return load<uint8_t>(bytes);
    case GgufType::kI8:
      return load<int8_t>(bytes);
    case GgufType::kU16:
      return load<uint16_t>(bytes);
    case GgufType::kI16:
      return load<int16_t>(bytes);
    case GgufType::kU32:
      return load<uint32_t>(bytes);
    case GgufType::kI32:
      return load<int32_t>(bytes);
    case GgufType::kI64:
      return load<int64_t>(bytes);
    case GgufType::kU64: {
      const auto value = load<uint64_t>(bytes);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

bool is_integer(GgufType type) {
  return type != GgufType::kF32 && type != GgufType::kF64 && type != GgufType::kBool &&
         type != GgufType::kString && type != GgufType::kArray;
}

Status missing(std::string_view key) {
  return Status::invalid_argument(std::string(key) + " is missing", std::string(key), "missing");
}

Status wrong_type(const GgufMetadata::Entry& entry, std::string_view expected) {
  std::string message(entry.key);
  message += " has type ";
  message += to_string(entry.type);
  if (entry.type == GgufType::kArray) {
    message += " of ";
    message += to_string(entry.element_type);
  }
  message += " (";
  message += expected;
  message += " is expected)";
  return Status::invalid_argument(std::move(message), std::string(entry.key), "wrong_type");
}

// find_*() that must find something.
template <typename T>
Result<T> required(Result<std::optional<T>> found, std::string_view key) {
  RETURN_IF_ERROR(found);
  if (!found->has_value()) return missing(key);
  return **std::move(found);
}

}  // namespace

std::string_view to_string(GgufType type) {
  switch (type) {
    case GgufType::kU8:
      return "u8";
    case GgufType::kI8:
      return "i8";
    case GgufType::kU16:
      return "u16";
    case GgufType::kI16:
      return "i16";
    case GgufType::kU32:
      return "u32";
    case GgufType::kI32:
      return "i32";
    case GgufType::kF32:
      return "f32";
    case GgufType::kBool:
      return "bool";
    case GgufType::kString:
      return "string";
    case GgufType::kArray:
      return "array";
    case GgufType::kU64:
      return "u64";
    case GgufType::kI64:
      return "i64";
    case GgufType::kF64:
      return "f64";
  }
  UNREACHABLE();
}

const GgufMetadata::Entry* GgufMetadata::find(std::string_view key) const {
  const auto it = index_.find(key);
  return it == index_.end() ? nullptr : &entries_[it->second];
}

bool GgufMetadata::add(Entry entry) {
  if (!index_.emplace(entry.key, entries_.size()).second) return false;
  entries_.push_back(std::move(entry));
  return true;
}

Result<std::optional<int64_t>> GgufMetadata::find_int(std::string_view key, int64_t min,
                                                      int64_t max) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<int64_t>();
  if (!is_integer(entry->type)) return wrong_type(*entry, "an integer");
  const std::optional<int64_t> value = integer_at(entry->type, entry->bytes.data());
  if (!value || *value < min || *value > max) {
    const std::string shown =
        value ? std::to_string(*value) : std::to_string(load<uint64_t>(entry->bytes.data()));
    return Status::invalid_argument(std::string(key) + " is " + shown + " (" + std::to_string(min) +
                                        " to " + std::to_string(max) + ")",
                                    std::string(key), "out_of_range");
  }
  return value;
}

Result<int64_t> GgufMetadata::get_int(std::string_view key, int64_t min, int64_t max) const {
  return required(find_int(key, min, max), key);
}

Result<std::optional<double>> GgufMetadata::find_float(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<double>();
  std::optional<double> value;
  if (entry->type == GgufType::kF32) {
    value = load<float>(entry->bytes.data());
  } else if (entry->type == GgufType::kF64) {
    value = load<double>(entry->bytes.data());
  } else if (const auto integer = integer_at(entry->type, entry->bytes.data())) {
    value = static_cast<double>(*integer);
  }
  if (!value) return wrong_type(*entry, "a number");
  if (!std::isfinite(*value)) {
    return Status::invalid_argument(std::string(key) + " is not a finite number", std::string(key),
                                    "out_of_range");
  }
  return value;
}

Result<double> GgufMetadata::get_float(std::string_view key) const {
  return required(find_float(key), key);
}

Result<std::optional<bool>> GgufMetadata::find_bool(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<bool>();
  if (entry->type != GgufType::kBool) return wrong_type(*entry, "a bool");
  return std::optional<bool>(entry->bytes[0] != 0);
}

Result<std::optional<std::string_view>> GgufMetadata::find_string(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<std::string_view>();
  if (entry->type != GgufType::kString) return wrong_type(*entry, "a string");
  const std::string_view text(reinterpret_cast<const char*>(entry->bytes.data()),
                              entry->bytes.size());
  if (!is_utf8(text)) {
    return Status::invalid_argument(std::string(key) + " is not UTF-8", std::string(key),
                                    "invalid_utf8");
  }
  return std::optional<std::string_view>(text);
}

Result<std::string_view> GgufMetadata::get_string(std::string_view key) const {
  return required(find_string(key), key);
}

Result<const std::vector<std::string_view>*> GgufMetadata::get_strings(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return missing(key);
  if (entry->type != GgufType::kArray || entry->element_type != GgufType::kString) {
    return wrong_type(*entry, "an array of strings");
  }
  return &entry->strings;
}

Result<std::optional<std::vector<int64_t>>> GgufMetadata::find_ints(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<std::vector<int64_t>>();
  if (entry->type != GgufType::kArray || !is_integer(entry->element_type)) {
    return wrong_type(*entry, "an array of integers");
  }
  std::vector<int64_t> values;
  values.reserve(entry->count);
  const size_t width = entry->count == 0 ? 0 : entry->bytes.size() / entry->count;
  for (uint64_t i = 0; i < entry->count; ++i) {
    const auto value = integer_at(entry->element_type, entry->bytes.data() + i * width);
    if (!value) {
      return Status::invalid_argument(std::string(key) + " holds a number above 2^63 - 1",
                                      std::string(key), "out_of_range");
    }
    values.push_back(*value);
  }
  return std::optional(std::move(values));
}

Result<std::optional<std::vector<float>>> GgufMetadata::find_floats(std::string_view key) const {
  const Entry* entry = find(key);
  if (!entry) return std::optional<std::vector<float>>();
  if (entry->type != GgufType::kArray || entry->element_type != GgufType::kF32) {
    return wrong_type(*entry, "an array of f32");
  }
  std::vector<float> values(entry->count);
  if (!values.empty()) std::memcpy(values.data(), entry->bytes.data(), entry->bytes.size());
  return std::optional(std::move(values));
}

}  // namespace youtu
