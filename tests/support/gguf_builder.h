// Writes GGUF files byte by byte, right or wrong: every number that a reader could believe can be
// replaced.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/numbers.h"
#include "formats/gguf.h"

namespace youtu {

class GgufBuilder {
 public:
  using Bytes = std::vector<uint8_t>;

  uint32_t version = 3;
  size_t alignment = 32;
  std::optional<uint64_t> claimed_tensors;     // instead of the true number
  std::optional<uint64_t> claimed_key_values;  // likewise
  size_t cut_at_end = 0;                       // bytes left out at the end of the file

  template <typename T>
  static void append(Bytes& out, T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(T));
  }
  static void append_string(Bytes& out, std::string_view text) {
    append<uint64_t>(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
  }

  // A pair whose value is these bytes, whatever its type says.
  GgufBuilder& raw(std::string_view key, uint32_t type, const Bytes& value) {
    append_string(pairs_, key);
    append(pairs_, type);
    pairs_.insert(pairs_.end(), value.begin(), value.end());
    ++num_pairs_;
    return *this;
  }
  template <typename T>
  GgufBuilder& number(std::string_view key, GgufType type, T value) {
    Bytes bytes;
    append(bytes, value);
    return raw(key, static_cast<uint32_t>(type), bytes);
  }
  GgufBuilder& u32(std::string_view key, uint32_t value) {
    return number(key, GgufType::kU32, value);
  }
  GgufBuilder& f32(std::string_view key, float value) { return number(key, GgufType::kF32, value); }
  GgufBuilder& string(std::string_view key, std::string_view value) {
    Bytes bytes;
    append_string(bytes, value);
    return raw(key, static_cast<uint32_t>(GgufType::kString), bytes);
  }
  GgufBuilder& strings(std::string_view key, const std::vector<std::string>& values) {
    Bytes bytes;
    append(bytes, static_cast<uint32_t>(GgufType::kString));
    append<uint64_t>(bytes, values.size());
    for (const std::string& value : values) append_string(bytes, value);
    return raw(key, static_cast<uint32_t>(GgufType::kArray), bytes);
  }
  template <typename T>
  GgufBuilder& numbers(std::string_view key, GgufType type, const std::vector<T>& values) {
    Bytes bytes;
    append(bytes, static_cast<uint32_t>(type));
    append<uint64_t>(bytes, values.size());
    for (const T value : values) append(bytes, value);
    return raw(key, static_cast<uint32_t>(GgufType::kArray), bytes);
  }

  // A tensor of zeros of `size` bytes; dimensions innermost first. `offset`: instead of the true
  // one.
  GgufBuilder& tensor(std::string_view name, const std::vector<uint64_t>& dimensions,
                      uint32_t ggml_type, size_t size, std::optional<uint64_t> offset = {}) {
    append_string(infos_, name);
    append(infos_, static_cast<uint32_t>(dimensions.size()));
    for (const uint64_t dimension : dimensions) append(infos_, dimension);
    append(infos_, ggml_type);
    append<uint64_t>(infos_, offset.value_or(data_size_));
    data_size_ = align_up(data_size_ + size, alignment);
    ++num_tensors_;
    return *this;
  }

  Bytes build() const {
    Bytes out = {'G', 'G', 'U', 'F'};
    append(out, version);
    append(out, claimed_tensors.value_or(num_tensors_));
    append(out, claimed_key_values.value_or(num_pairs_));
    out.insert(out.end(), pairs_.begin(), pairs_.end());
    out.insert(out.end(), infos_.begin(), infos_.end());
    if (num_tensors_ > 0) out.resize(align_up(out.size(), alignment) + data_size_);
    out.resize(out.size() - cut_at_end);
    return out;
  }

 private:
  Bytes pairs_;
  Bytes infos_;
  uint64_t num_pairs_ = 0;
  uint64_t num_tensors_ = 0;
  size_t data_size_ = 0;
};

}  // namespace youtu
